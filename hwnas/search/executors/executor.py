"""Executor: evaluates the candidates of a question."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from hwnas.search.executors.evaluation_limits import EvaluationLimits
from hwnas.search.outcome import Candidate, Evaluate, Outcome


@dataclass(frozen=True)
class WorkerState:
    """What a worker is at.

    Attributes:
        name: as in "worker 1".
        host: the machine that it runs on; "" while it is being started.
        at: the candidate's choices, as in "1 0 3 2"; "" where it waits.
        seconds: since it began that.
    """

    name: str
    host: str
    at: str
    seconds: float


class Executor(Protocol):
    """Evaluates candidates, in any order, perhaps side by side."""

    @property
    def limits(self) -> EvaluationLimits | None:
        """What an evaluation may take; None where nothing could end one."""

    def run(
        self, evaluate: Evaluate, candidates: Iterable[Candidate]
    ) -> Iterator[tuple[int, Outcome]]:
        """The index of each candidate with its outcome, as they end.

        An executor that evaluates elsewhere gives a failure for what cannot be evaluated; only
        what is wrong with itself is raised. Whoever iterates has an outcome before the next
        candidate is taken, and may choose that by it.

        Args:
            evaluate: the evaluation. It is the same object throughout a search, and is sent to a
                worker once.
            candidates: each is taken when it can be begun, and not before.
        """

    def workers(self) -> Sequence[WorkerState]:
        """What each worker is at; called from any thread, also while `run` is at something."""


def ready(executor: Executor | None) -> AbstractContextManager[object]:
    """The context in which an executor is used: its own, where it has one."""
    return executor if isinstance(executor, AbstractContextManager) else nullcontext()
