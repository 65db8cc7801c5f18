"""SearchWatch: keeps the state of a running search in its folder, for `hwnas status`."""

import contextlib
import time
from collections.abc import Callable, Sequence

from hwnas.core.errors import HwnasError
from hwnas.estimators.scores import ScoreInfo
from hwnas.runs.folder import RunFolder
from hwnas.runs.search_state import FILE, SearcherState, SearchState, write_state
from hwnas.search.executors import Executor
from hwnas.search.journal import Journal
from hwnas.search.outcome import Outcome
from hwnas.search.problem import SearchProblem
from hwnas.spaces.space import Architectures

# So often the file is written at most: a person looks at it, and evaluations may be quick.
_EVERY_S = 1.0


class SearchWatch:
    """Counts what a search evaluates, and writes that once a second at most.

    The state is for people alone: where it cannot be written the search goes on without.
    """

    def __init__(
        self,
        folder: RunFolder,
        problem: SearchProblem,
        info: ScoreInfo,
        searchers: Sequence[tuple[str, int]],
        executor: Executor | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begins.

        Args:
            folder: of the run.
            problem: with the budgets that the best network keeps.
            info: what a score is.
            searchers: the name and the evaluations of each, in order.
            executor: may tell what its workers are at.
            clock: seconds.
        """
        self._folder, self._problem, self._info = folder, problem, info
        self._searchers = {name: SearcherState(name, 0, limit) for name, limit in searchers}
        self._executor, self._clock = executor, clock
        self._begun, self._written = clock(), -_EVERY_S
        self._evaluated = self._stopped = self._failed = 0
        self._best: tuple[float, float] | None = None

    def begin(self, journal: Journal) -> None:
        """Takes what earlier searches have found.

        Raises:
            RunError: the journal holds what is no architecture of the space.
        """
        if journal.extreme_scores():
            front = self._problem.front(*journal.evaluations_in(self._problem.space))
            if len(front.scores):
                self._best = float(front.scores[-1]), float(front.costs[-1])
        for outcome in journal.outcomes.unfinished.values():
            self._count(outcome)
        self._write()

    def heard(self, architecture: Architectures, outcome: Outcome) -> None:
        """Called with each (L,) architecture that was evaluated, and what came of it."""
        self._evaluated += 1
        self._count(outcome)
        if outcome.score is None or not outcome.is_measured:
            return
        better = self._best is None or outcome.score > self._best[0]
        if better and self._problem.feasible(architecture[None])[0]:
            self._best = outcome.score, float(self._problem.costs(architecture[None])[0])

    def progress(self, name: str, done: int, limit: int) -> None:
        """Called after each answer to a searcher."""
        self._searchers[name] = SearcherState(name, done, limit)
        if self._clock() - self._written >= _EVERY_S:
            self._write()

    def end(self) -> None:
        """Removes the file: the search has ended."""
        with contextlib.suppress(OSError):
            (self._folder.path / FILE).unlink(missing_ok=True)

    def _count(self, outcome: Outcome) -> None:
        self._failed += outcome.score is None
        self._stopped += outcome.deviation is not None

    def _write(self) -> None:
        self._written = self._clock()
        best, cost = self._best or (None, None)
        workers = () if self._executor is None else tuple(self._executor.workers())
        state = SearchState(
            time.time(),
            self._written - self._begun,
            self._evaluated,
            tuple(self._searchers.values()),
            self._stopped,
            self._failed,
            best,
            cost,
            self._info.heading,
            workers,
        )
        with contextlib.suppress(HwnasError, OSError):
            write_state(state, self._folder.path)
