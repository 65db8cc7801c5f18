"""AccuracyConfig: where scores come from, as a config says it."""

from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from hwnas.core.configs import LocalPath, StrictModel
from hwnas.core.errors import ConfigError
from hwnas.estimators import ESTIMATORS, SUPERNET, find_estimator
from hwnas.estimators.candidates.settings import CANDIDATE_EPOCHS, StopSettings
from hwnas.estimators.estimator import Estimator


class AccuracyConfig(StrictModel):
    """Where scores come from: the supernet of the run, a CSV of accuracies, or another estimator.

    `teacher` is the folder of an exported network for `estimator: blockwise`, instead of the
    space's largest; `seed` is that of scores that have one: initial weights, the choice of images.
    `parts` are the weights of the estimators that `estimator: mixed` adds up. `epochs` and `stop`
    are for `estimator: trained`: how long each network is trained, and when a training ends early;
    `epochs` is for `mixed`, too. `latency` lets `estimator: predictor` see the latencies of the
    run's device. `relaxation` is of estimators that learn logits of choices by gradient, such as
    `darts`, and of `sparse`: see `hwnas.relaxation.settings` and `hwnas.relaxation.sparse`.
    """

    estimator: str = SUPERNET
    file: LocalPath | None = None
    teacher: LocalPath | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    parts: dict[str, Annotated[float, Field(gt=0, le=1_000)]] | None = None
    epochs: Annotated[int, Field(ge=1, le=100_000)] | None = None
    stop: StopSettings | None = None
    latency: bool = False
    relaxation: dict[str, Any] | None = None

    @field_validator("estimator")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ESTIMATORS.check(value)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return value

    @property
    def scorer(self) -> Estimator:
        """The estimator, made of the parts that are named."""
        found = find_estimator(self.estimator, self.parts)
        return found if self.relaxation is None else found.with_relaxation(self.relaxation)

    @model_validator(mode="after")
    def _parts_of_what_has_some(self) -> Self:
        usual = find_estimator(self.estimator)
        if self.parts is None:
            # Written out or not, the same ones are meant.
            self.__dict__["parts"] = dict(usual.parts) if usual.parts else None
            return self
        try:
            usual.with_parts(self.parts)
        except ConfigError as error:
            raise ValueError(f"parts: {error}") from error
        return self

    @model_validator(mode="after")
    def _relaxation_of_what_has_one(self) -> Self:
        usual = find_estimator(self.estimator)
        if self.relaxation is None and usual.relaxation is None:
            return self
        try:
            chosen = usual.with_relaxation(self.relaxation or {}).relaxation
        except ConfigError as error:
            raise ValueError(str(error)) from error
        # Written out or not, the same settings are meant.
        self.__dict__["relaxation"] = chosen and chosen.model_dump(mode="json")
        return self

    @model_validator(mode="after")
    def _file_where_needed(self) -> Self:
        estimator = self.scorer
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
        if self.latency and not estimator.takes_latency:
            raise ValueError(
                f"estimator: {self.estimator} sees no latencies; leave out latency, or set "
                f"estimator to {either('takes_latency')}"
            )
        return self

    @model_validator(mode="after")
    def _of_candidates_that_are_trained(self) -> Self:
        scorer = self.scorer
        if self.epochs is not None and not scorer.trains_candidates:
            raise ValueError(
                f"estimator: {self.estimator} trains no network for its score; leave out epochs, "
                f"or set estimator to {either('trains_candidates')}"
            )
        if self.stop is not None and not (scorer.trains_candidates and scorer.may_stop):
            raise ValueError(
                f"estimator: {self.estimator} trains no network that may be stopped; leave out "
                f"stop, or set estimator to {either('trains_candidates', 'may_stop')}"
            )
        if scorer.trains_candidates:
            # Written out or not, they are trained alike.
            epochs = self.epochs or CANDIDATE_EPOCHS
            self.__dict__["epochs"] = epochs
            try:
                if self.stop is not None:
                    self.stop.check(epochs)
            except ConfigError as error:
                raise ValueError(str(error)) from error
        return self


def either(*attributes: str) -> str:
    """Our estimators that have some attributes set, as in "table or predictor"."""
    found = {name: find_estimator(name) for name in ESTIMATORS.ours}
    return " or ".join(
        name for name, one in found.items() if all(getattr(one, each) for each in attributes)
    )
