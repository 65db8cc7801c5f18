"""SimulatedWorkers: evaluations that end in the order in which they would, without waiting."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from hwnas.search.executors.executor import WorkerState
from hwnas.search.outcome import Candidate, Evaluate, Outcome


class SimulatedWorkers:
    """An executor of so many workers whose evaluations take as long as is said.

    Attributes:
        clock: simulated seconds that have gone by.
        limits: there are none.
    """

    limits = None

    def __init__(self, workers: int, seconds: Callable[[Candidate], float]) -> None:
        """Takes how many workers there are, and the seconds that a candidate takes."""
        self._workers, self._seconds = workers, seconds
        self.clock = 0.0

    def run(
        self, evaluate: Evaluate, candidates: Iterable[Candidate]
    ) -> Iterator[tuple[int, Outcome]]:
        """The index of each candidate with its outcome, as they end."""
        new = enumerate(candidates)
        running: list[tuple[float, int, Candidate]] = []
        while True:
            while len(running) < self._workers and (taken := next(new, None)) is not None:
                index, candidate = taken
                heapq.heappush(running, (self.clock + self._seconds(candidate), index, candidate))
            if not running:
                return
            self.clock, index, candidate = heapq.heappop(running)
            yield index, replace(evaluate(candidate), seconds=self._seconds(candidate))

    def workers(self) -> Sequence[WorkerState]:
        """None."""
        return ()
