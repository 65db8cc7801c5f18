"""How candidates are trained and stopped early, as `accuracy` of a config says it."""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hwnas.core.configs import StrictModel
from hwnas.core.errors import ConfigError

CANDIDATE_EPOCHS = 5
"""Of each candidate, where a config does not say: as many as LayerNAS trains (arXiv 2304.11517)."""
LEAST_CURVES = 10
"""Finished trainings that a prediction is made from, at least: fewer cannot be cross-validated."""


class StopSettings(StrictModel):
    """When the training of a candidate ends early, and what that is judged by.

    `halving` is Optuna's successive halving: after 1, r, r², … epochs the best of r go on, with r =
    `reduction`. `curve` predicts the last accuracy from the first ones, and stops where the chance
    to be better than the best network of no greater cost is below `chance`.

    Both know the trainings that have ended: of the first `after` candidates none is stopped, and
    the rule is made anew after every `every` candidates. No training ends before `least_epochs`, by
    default a quarter of the epochs.
    """

    rule: Literal["halving", "curve"]
    every: Annotated[int, Field(ge=1, le=10_000)] = 8
    after: Annotated[int, Field(ge=LEAST_CURVES, le=1_000_000)] = 16
    least_epochs: Annotated[int, Field(ge=1, le=100_000)] | None = None
    reduction: Annotated[int, Field(ge=2, le=1_000)] | None = None
    chance: Annotated[float, Field(gt=0, lt=1)] | None = None

    @model_validator(mode="after")
    def _of_the_rule(self) -> Self:
        if self.rule == "halving" and self.chance is not None:
            raise ValueError("chance is for rule: curve; leave it out, or write reduction")
        if self.rule == "curve" and self.reduction is not None:
            raise ValueError("reduction is for rule: halving; leave it out, or write chance")
        # Written out or not, the default decides alike.
        if self.rule == "halving" and self.reduction is None:
            self.__dict__["reduction"] = 3
        if self.rule == "curve" and self.chance is None:
            self.__dict__["chance"] = 0.05
        return self

    def check(self, epochs: int) -> None:
        """Refuses rules that could not end any training of so many epochs.

        Raises:
            ConfigError: says what to change.
        """
        if self.first_epoch(epochs) >= epochs:
            raise ConfigError(
                f"stop: no training ends before epoch {self.first_epoch(epochs)} and each has "
                f"{epochs}, so that none would end early; lower stop.least_epochs, or give more "
                "epochs"
            )

    def first_epoch(self, epochs: int) -> int:
        """After which epoch of so many a training may end, at the earliest."""
        return self.least_epochs or math.ceil(epochs / 4)
