"""InProcess: evaluations one after another, here."""

import platform
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from hwnas.search.executors.executor import WorkerState
from hwnas.search.outcome import Candidate, Evaluate, Outcome


class InProcess:
    """Evaluates candidates in this process, one by one; what is raised ends the search.

    Attributes:
        limits: there are none.
    """

    limits = None

    def __init__(self) -> None:
        """Begins with nothing to evaluate."""
        self._at: tuple[Candidate, float] | None = None

    def run(
        self, evaluate: Evaluate, candidates: Iterable[Candidate]
    ) -> Iterator[tuple[int, Outcome]]:
        """The index of each candidate with its outcome, in order."""
        for index, candidate in enumerate(candidates):
            start = time.perf_counter()
            self._at = candidate, time.monotonic()
            outcome = evaluate(candidate)
            self._at = None
            yield index, replace(outcome, seconds=time.perf_counter() - start)

    def workers(self) -> Sequence[WorkerState]:
        """This process, while it evaluates something."""
        if (at := self._at) is None:
            return ()
        candidate, since = at
        seconds = time.monotonic() - since
        return (WorkerState("this process", platform.node(), candidate.text, seconds),)
