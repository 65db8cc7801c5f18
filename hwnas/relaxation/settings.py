"""RelaxationSettings: which parts make a search by gradient, as a config says it; GateSettings."""

from typing import Annotated, Any, Protocol, Self

from pydantic import Field, field_validator, model_validator

from hwnas.core.configs import StrictModel
from hwnas.core.part_texts import PartText, one_part

_EXAMPLES = {
    "gradient": ("gumbel", "hard: true"),
    "regulariser": ("entropy", "weight: 0.1"),
    "penalty": ("hinge", "warmup: 0.2"),
    "schedule": ("cyclic", "cycles: 4"),
    "selector": ("perturbation", "images: 1000"),
}


Rate = Annotated[float, Field(gt=0, le=100)]
Share = Annotated[float, Field(gt=0, lt=1)]
ShareOrNone = Annotated[float, Field(ge=0, lt=1)]


class LearningSettings(Protocol):
    """What settings of every kind of logits have, see `hwnas.relaxation.settings`."""

    @property
    def penalty(self) -> PartText:
        """Of expected costs."""

    @property
    def schedule(self) -> PartText:
        """Of the rate."""

    @property
    def rate(self) -> float:
        """By Adam."""

    @property
    def images(self) -> float:
        """The share of the training images that the logits are learnt on."""

    @property
    def weights_first(self) -> float:
        """The share of the training in which the logits wait."""


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
        weights_first: the share of the training in which the weights alone are learnt, by even
            logits. Schedules, warm-ups and temperatures count it, too.
        own_weights: whether every choice has weights of its own.
    """

    gradient: PartText = "gumbel"
    regulariser: PartText = "none"
    penalty: PartText = "hinge"
    schedule: PartText = "constant"
    selector: PartText = "argmax"
    rate: Rate = 0.02
    images: Share = 0.5
    weights_first: ShareOrNone = 0.2
    own_weights: bool = False

    @field_validator(*_EXAMPLES, mode="before")
    @classmethod
    def _one(cls, value: Any, info: Any) -> Any:
        return _one_part(value, str(info.field_name))


class GateSettings(StrictModel):
    """How the logits of gates are learnt while the widest network is trained.

    A gate is a logistic function of (logit + noise) / temperature (binary concrete, Maddison et al.
    2017, arXiv 1611.00712). A part is its name, or {its name: its settings}.

    Attributes:
        temperature: of the gates in the forward pass; 0 for gates that are exactly open or shut.
        gradient_temperature: of the gates whose gradient is taken; None for the same.
        noise: logistic, so that a gate is open as often as its probability says; else each is open
            where its logit is above 0.
        first: the logit of every gate before the training.
        penalty: of expected costs beside `train.budgets`, see `hwnas.relaxation.penalties`.
        schedule: of the logits' learning rate, see `hwnas.relaxation.schedules`.
        rate: the learning rate of the logits, by Adam.
        images: the share of the training images that the logits are learnt on; the weights are
            learnt on the others.
        weights_first: the share of the training in which the weights alone are learnt.
    """

    temperature: Annotated[float, Field(ge=0, le=100)] = 0.001
    gradient_temperature: Annotated[float, Field(gt=0, le=100)] | None = None
    noise: bool = True
    first: Annotated[float, Field(ge=-100, le=100)] = 2.5
    penalty: PartText = "linear"
    schedule: PartText = "constant"
    rate: Rate = 0.02
    images: Share = 0.5
    weights_first: ShareOrNone = 0.2

    @field_validator("penalty", "schedule", mode="before")
    @classmethod
    def _one(cls, value: Any, info: Any) -> Any:
        return _one_part(value, str(info.field_name))

    @model_validator(mode="after")
    def _has_a_gradient(self) -> Self:
        if not self.temperature and self.gradient_temperature is None:
            raise ValueError(
                "gates of temperature 0 have no gradient; give gradient_temperature, as in "
                "'gradient_temperature: 1'"
            )
        return self


def _one_part(value: Any, key: str) -> Any:
    return one_part(value, key, key, *_EXAMPLES[key])
