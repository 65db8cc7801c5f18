"""InProcess: evaluations one after another, here."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from hwnas.search.executors.executor import WorkerState
from hwnas.search.outcome import Candidate, Evaluate, Outcome


class InProcess:
    """Evaluates candidates in this process, one by one; what is raised ends the search."""

    def run(
        self, evaluate: Evaluate, candidates: Iterable[Candidate]
    ) -> Iterator[tuple[int, Outcome]]:
        """The index of each candidate with its outcome, in order."""
        for index, candidate in enumerate(candidates):
            start = time.perf_counter()
            outcome = evaluate(candidate)
            yield index, replace(outcome, seconds=time.perf_counter() - start)

    def workers(self) -> Sequence[WorkerState]:
        """None."""
        return ()
