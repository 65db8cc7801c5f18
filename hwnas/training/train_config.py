"""How a supernet or a network is trained, as a person writes it and as it is run.

Read without loading PyTorch; `hwnas.training.auto` makes the one of the other.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from hwnas.core.configs import StrictModel
from hwnas.core.part_texts import PartText, named, one_part
from hwnas.objectives.budgets import LATENCY, Budget, device_of
from hwnas.objectives.budgets_config import Budgets
from hwnas.objectives.costs import COSTS

Auto = Literal["auto"]
_Epochs = Annotated[int, Field(ge=0, le=100_000)]
_BatchSize = Annotated[int, Field(ge=2, le=65_536)]
_LearningRate = Annotated[float, Field(gt=0)]
_Warmup = Annotated[float, Field(ge=0)]
_CropPadding = Annotated[int, Field(ge=0, le=1_024)]

RANDOM_PATHS = {"single_path": 1, "sandwich": 2}
"""How many random paths a step of each rule has."""

UNIFORM = "uniform"
"""The policy of a config that names none: each path as likely as the space samples it."""


class TrainSettings(StrictModel):
    """Hyper-parameters: SGD with Nesterov momentum, warm-up, then cosine decay to zero.

    Those that may be `auto` follow from the images (see `hwnas.training.auto`). `crop_padding` is
    in pixels; a step is one batch, warm-up and length are in epochs. `rule` and
    `random_paths` are of supernets: the sub-networks of a step (see `hwnas.training.rules`), which
    the policy of `paths` draws: its name, or {its name: its settings}. `budgets` bound what these
    sub-networks cost.
    `body_rate` is what the learning rate of all layers but the classifier is multiplied by; for the
    first `frozen_epochs` the classifier alone is trained. Both are for weights that are trained
    already.
    `clip` is the largest norm of a step's gradient, `ema` the decay of the averaged weights (0:
    none), `colour_jitter` the strength and `mixup`, `cutmix` the alpha of augmentations (0: none).
    docs/guides/training.md has advice on each.
    """

    epochs: _Epochs | Auto
    batch_size: _BatchSize | Auto = 128
    learning_rate: _LearningRate | Auto = 0.1
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    weight_decay: Annotated[float, Field(ge=0)] = 1e-4
    warmup_epochs: _Warmup | Auto = 1.0
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.1
    flip: bool = True
    crop_padding: _CropPadding | Auto = 4
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    rule: Literal["single_path", "sandwich"] = "single_path"
    random_paths: Annotated[int, Field(ge=1, le=1_000)] | None = None
    paths: PartText = UNIFORM
    budgets: Budgets = Field(default_factory=dict)
    body_rate: Annotated[float, Field(gt=0, le=1)] = 1.0
    frozen_epochs: Annotated[int, Field(ge=0, le=100_000)] = 0
    clip: Annotated[float, Field(gt=0)] | None = None
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0
    colour_jitter: Annotated[float, Field(ge=0, le=1)] = 0.0
    mixup: Annotated[float, Field(ge=0)] = 0.0
    cutmix: Annotated[float, Field(ge=0)] = 0.0
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    compile: bool = False
    device: Literal["auto", "cpu", "cuda"] = "auto"

    @model_validator(mode="after")
    def _trains_more_than_the_classifier(self) -> Self:
        if self.epochs != "auto" and self.frozen_epochs and self.frozen_epochs >= self.epochs:
            raise ValueError(
                f"frozen_epochs is {self.frozen_epochs} and epochs {self.epochs}, so that nothing "
                "but the classifier would ever be trained; give more epochs, or freeze fewer"
            )
        return self

    @model_validator(mode="after")
    def _one_spelling(self) -> Self:
        # Written out or not, the rule's own number trains alike.
        if self.random_paths == RANDOM_PATHS[self.rule]:
            self.__dict__["random_paths"] = None
        return self

    @field_validator("paths", mode="before")
    @classmethod
    def _one_policy(cls, value: Any) -> Any:
        return one_part(value, "policy", "paths", "mcts", "explore: 0.5")

    @field_validator("budgets")
    @classmethod
    def _known(cls, value: dict[str, Budget]) -> dict[str, Budget]:
        for name in value:
            if name != LATENCY and name not in COSTS and device_of(name) is None:
                known = ", ".join([LATENCY, f"{LATENCY}@<device>", *COSTS.names()])
                raise ValueError(f"a training keeps no budget on {name} (known: {known})")
        return value

    @property
    def drawn_by_policy(self) -> bool:
        """Whether a policy draws paths: uniform ones without budgets are as the space samples."""
        return bool(self.budgets) or self.policy[0] != UNIFORM

    @property
    def policy(self) -> tuple[str, dict[str, Any]]:
        """The name of what draws paths, and its settings."""
        return named(self.paths)


LATER: dict[str, Any] = {"body_rate": 1.0, "frozen_epochs": 0, "paths": UNIFORM, "budgets": {}}
"""Settings that checkpoints of earlier versions do not have, and what these were trained with."""


class TrainConfig(TrainSettings):
    """The same with a number for everything: what a training runs with, and is known by."""

    epochs: _Epochs
    batch_size: _BatchSize = 128
    learning_rate: _LearningRate = 0.1
    warmup_epochs: _Warmup = 1.0
    crop_padding: _CropPadding = 4

    @property
    def settings(self) -> str:
        """Equal exactly for trainings that are to give the same weights, wherever they run."""
        later = {name for name, usual in LATER.items() if getattr(self, name) == usual}
        # How paths are drawn, the identity of a rule says: single networks have none.
        return self.model_dump_json(exclude={"device", "paths", "budgets", *later})
