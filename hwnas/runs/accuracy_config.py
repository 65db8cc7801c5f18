"""AccuracyConfig: where scores come from, as a config says it."""

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from hwnas.core.configs import LocalPath, StrictModel
from hwnas.core.errors import ConfigError
from hwnas.estimators import ESTIMATORS, SUPERNET, find_estimator
from hwnas.estimators.candidates.settings import CANDIDATE_EPOCHS, StopSettings


class AccuracyConfig(StrictModel):
    """Where scores come from: the supernet of the run, a CSV of accuracies, or another estimator.

    `teacher` is the folder of an exported network for `estimator: blockwise`, instead of the
    space's largest; `seed` is that of scores that have one: initial weights, the choice of images.
    `epochs` and `stop` are for `estimator: trained`: how long each network is trained, and when a
    training ends early.
    """

    estimator: str = SUPERNET
    file: LocalPath | None = None
    teacher: LocalPath | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    epochs: Annotated[int, Field(ge=1, le=100_000)] | None = None
    stop: StopSettings | None = None

    @field_validator("estimator")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ESTIMATORS.check(value)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return value

    @model_validator(mode="after")
    def _file_where_needed(self) -> Self:
        estimator = find_estimator(self.estimator)
        if self.file is not None and not estimator.needs_file:
            raise ValueError(
                f"estimator: {self.estimator} reads no file; leave out file, or set estimator to "
                f"{either('needs_file')}"
            )
        if self.file is None and estimator.needs_file:
            raise ValueError(
                f"estimator: {self.estimator} needs a CSV of accuracies; name it as in 'file: "
                "known.csv'"
            )
        if self.teacher is not None and not estimator.takes_teacher:
            raise ValueError(
                f"estimator: {self.estimator} has no teacher; leave it out, or set estimator to "
                f"{either('takes_teacher')}"
            )
        return self

    @model_validator(mode="after")
    def _of_candidates_that_are_trained(self) -> Self:
        if find_estimator(self.estimator).trains_candidates:
            # Written out or not, they are trained alike.
            epochs = self.epochs or CANDIDATE_EPOCHS
            self.__dict__["epochs"] = epochs
            try:
                if self.stop is not None:
                    self.stop.check(epochs)
            except ConfigError as error:
                raise ValueError(str(error)) from error
            return self
        for key in ("epochs", "stop"):
            if getattr(self, key) is not None:
                raise ValueError(
                    f"estimator: {self.estimator} trains no network for its score; leave out "
                    f"{key}, or set estimator to {either('trains_candidates')}"
                )
        return self


def either(attribute: str) -> str:
    """Our estimators that have an attribute set, as in "table or predictor"."""
    return " or ".join(name for name in ESTIMATORS.ours if getattr(find_estimator(name), attribute))
