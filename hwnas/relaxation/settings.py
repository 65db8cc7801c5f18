"""RelaxationSettings: which parts make a search by gradient, as a config says it."""

from typing import Annotated, Any

from pydantic import Field, field_validator

from hwnas.core.configs import StrictModel
from hwnas.core.part_texts import PartText, one_part

_EXAMPLES = {
    "gradient": ("gumbel", "hard: true"),
    "regulariser": ("entropy", "weight: 0.1"),
    "penalty": ("hinge", "warmup: 0.2"),
    "schedule": ("cyclic", "cycles: 4"),
    "selector": ("perturbation", "images: 1000"),
}


class RelaxationSettings(StrictModel):
    """How the logits of choices are learnt while a supernet is trained.

    A part is its name, or {its name: its settings}.

    Attributes:
        gradient: estimates the gradient of the logits, see `hwnas.relaxation.gradients`.
        regulariser: pushes towards few choices, see `hwnas.relaxation.regularisers`.
        penalty: of expected costs above `train.budgets`, see `hwnas.relaxation.penalties`.
        schedule: of the logits' learning rate, see `hwnas.relaxation.schedules`.
        selector: reads the values of choices off the trained mixture, see
            `hwnas.relaxation.selectors`. It changes nothing of the training.
        rate: the learning rate of the logits, by Adam.
        images: the share of the training images that the logits are learnt on; the weights are
            learnt on the others.
        weights_first: the share of the training in which the weights alone are learnt, by networks
            that are drawn evenly.
        own_weights: whether every choice has weights of its own.
    """

    gradient: PartText = "gumbel"
    regulariser: PartText = "none"
    penalty: PartText = "hinge"
    schedule: PartText = "constant"
    selector: PartText = "argmax"
    rate: Annotated[float, Field(gt=0, le=100)] = 0.02
    images: Annotated[float, Field(gt=0, lt=1)] = 0.5
    weights_first: Annotated[float, Field(ge=0, lt=1)] = 0.2
    own_weights: bool = False

    @field_validator(*_EXAMPLES, mode="before")
    @classmethod
    def _one(cls, value: Any, info: Any) -> Any:
        key = str(info.field_name)
        return one_part(value, key, key, *_EXAMPLES[key])
