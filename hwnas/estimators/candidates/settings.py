"""How candidates are trained and stopped early, as `accuracy` of a config says it."""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from hwnas.core.configs import StrictModel
from hwnas.core.errors import ConfigError

CANDIDATE_EPOCHS = 5
"""Of each candidate, where a config does not say: as many as LayerNAS trains (arXiv 2304.11517)."""
LEAST_CURVES = 10
"""Finished trainings that a prediction is made from, at least: fewer cannot be cross-validated."""

_DEFAULTS: dict[str, dict[str, Any]] = {
    "halving": {"reduction": 3},
    "curve": {"chance": 0.05, "against": "cheaper"},
}
"""Of the settings that are of one rule alone."""


class StopSettings(StrictModel):
    """When the training of a candidate ends early, and what that is judged by.

    `halving` is Optuna's successive halving: one of `reduction` trainings goes on, first after
    `least_epochs`, then after `reduction` times as many, and so on. `curve` predicts the last
    accuracy from the first ones, and stops where the chance to be better than the best network is
    below `chance`: the best of no greater cost, or of `all`, as `against` says.

    Both know the trainings that have ended: of the first `after` candidates none is stopped, and
    the rule is made anew after every `every` candidates. No training ends before `least_epochs`: by
    default a quarter of the epochs for `curve`, and for `halving` so many that it halves twice.
    """

    rule: Literal["halving", "curve"]
    every: Annotated[int, Field(ge=1, le=10_000)] = 8
    after: Annotated[int, Field(ge=LEAST_CURVES, le=1_000_000)] = 16
    least_epochs: Annotated[int, Field(ge=1, le=100_000)] | None = None
    reduction: Annotated[int, Field(ge=2, le=1_000)] | None = None
    chance: Annotated[float, Field(gt=0, lt=1)] | None = None
    against: Literal["cheaper", "all"] | None = None

    @model_validator(mode="after")
    def _of_the_rule(self) -> Self:
        for rule, defaults in _DEFAULTS.items():
            for key, usual in defaults.items():
                if self.rule != rule and getattr(self, key) is not None:
                    raise ValueError(f"{key} is for rule: {rule}; leave it out, or change rule")
                # Written out or not, the default decides alike.
                if self.rule == rule and getattr(self, key) is None:
                    self.__dict__[key] = usual
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
        parts = 4 if self.reduction is None else self.reduction**2
        return self.least_epochs or math.ceil(epochs / parts)
