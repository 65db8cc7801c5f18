"""Outcome: what the evaluation of one network gave, and what an evaluation is given."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from hwnas.spaces.space import Architectures


@dataclass(frozen=True)
class Ended:
    """What ended an evaluation that took more than it may.

    Attributes:
        limit: which limit, as `search.limits` calls it.
        most: what was allowed, in its unit.
    """

    limit: str
    most: float

    def is_allowed_now(self, limits: Mapping[str, float | None]) -> bool:
        """Whether limits allow more, by name; None is no limit."""
        now = limits.get(self.limit)
        return now is None or now > self.most


@dataclass(frozen=True)
class Outcome:
    """What the evaluation of one network gave: a score, a predicted score, or a failure.

    Attributes:
        score: to be maximised; None where the evaluation failed.
        seconds: that it took.
        curve: the accuracy on the validation images in %, after each epoch that was trained; empty
            where nothing was trained for the network.
        deviation: the standard deviation of a score that is predicted, since the training was
            stopped early; None of a score that was measured.
        failure: why there is no score.
        ended: by which limit, where that is why.
    """

    score: float | None
    seconds: float = 0.0
    curve: tuple[float, ...] = ()
    deviation: float | None = None
    failure: str | None = None
    ended: Ended | None = None

    @property
    def is_measured(self) -> bool:
        """Whether the score is one that was measured."""
        return self.score is not None and self.deviation is None


@dataclass(frozen=True)
class Finished:
    """A candidate whose training was not stopped.

    Attributes:
        architecture: (L,) its choices.
        cost: on the front's other axis, in its unit.
        curve: its accuracies in %, the last of which is its score.
    """

    architecture: Architectures = field(compare=False)
    cost: float
    curve: tuple[float, ...]


class Stopping(Protocol):
    """A rule that stops trainings, made of the candidates that have finished; it is sent along."""

    def __call__(self, candidate: "Candidate", curve: Sequence[float]) -> Outcome | None:
        """Called after each epoch but the last, with the accuracies so far in %.

        Returns:
            None to go on. To stop, an outcome with the predicted final accuracy and its deviation;
            its curve and seconds are filled in by the caller.
        """


@dataclass(frozen=True)
class Candidate:
    """One network that is to be evaluated.

    Attributes:
        architecture: (L,) its choices, canonical.
        cost: on the front's other axis, in its unit.
        stopping: what may stop its training; None for nothing.
    """

    architecture: Architectures = field(compare=False)
    cost: float
    stopping: Stopping | None = None

    @property
    def text(self) -> str:
        """Its choices for people, as in "1 0 3 2"."""
        return " ".join(map(str, self.architecture.tolist()))


class Evaluate(Protocol):
    """Evaluates one candidate; executors send it to their workers, once to each."""

    def __call__(self, candidate: Candidate) -> Outcome:
        """What its evaluation gives.

        Raises:
            HwnasError: nothing can be evaluated; the search ends with it where it runs in this
                process.
        """


@runtime_checkable
class StagedScore(Evaluate, Protocol):
    """An evaluation that trains its candidates and may stop early."""

    @property
    def every(self) -> int | None:
        """The rule is made anew after so many candidates of a question, in their order.

        It is part of what a search depends on, as the number of workers is not; no more than these
        are evaluated side by side. None where there is no rule: a question is evaluated whole.
        """

    def stopping(
        self, finished: Sequence[Finished], stopped: Sequence[Sequence[float]]
    ) -> Stopping | None:
        """The rule for the next candidates; None where nothing is to be stopped yet.

        Args:
            finished: those that were trained to the end.
            stopped: the accuracies so far, in %, of those that were not.
        """

    def discard(self, architecture: Architectures) -> None:
        """Removes what the evaluation of an architecture (L,) has left that was ended, if it did.

        It has failed, and nothing goes on from there.
        """


ADVICE = (
    "correct the function that gives it, or train the supernet again with a lower learning rate, "
    "or name another estimator"
)
"""What to do where a score cannot be used."""


def finite(score: float) -> Outcome:
    """A score that was measured, or the failure where it is no finite number."""
    if math.isfinite(score):
        return Outcome(score)
    return Outcome(None, failure=f"the score is {score}, no number that can be compared")
