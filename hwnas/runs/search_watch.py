"""SearchWatch: keeps the state of a running search, for who looks at it here or elsewhere."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from hwnas.core.errors import HwnasError
from hwnas.estimators.scores import ScoreInfo
from hwnas.runs.folder import RunFolder
from hwnas.runs.search_state import FILE, SearcherState, SearchState, write_state
from hwnas.search.executors import Executor
from hwnas.search.journal import Journal
from hwnas.search.outcome import Outcome
from hwnas.search.problem import SearchProblem
from hwnas.spaces.space import Architectures

_EVERY_S = 1.0


class SearchWatch:
    """Counts what a search evaluates, and writes and shows that every second while it runs.

    A thread does so, since one evaluation may take minutes. It only reads what is counted here and
    what the executor says of its workers. The state is for people alone: where it cannot be
    written the search goes on without.
    """

    def __init__(
        self,
        folder: RunFolder,
        problem: SearchProblem,
        info: ScoreInfo,
        searchers: Sequence[tuple[str, int]],
        executor: Executor,
        show: Callable[[SearchState], None] | None = None,
        every_s: float = _EVERY_S,
    ) -> None:
        """Begins.

        Args:
            folder: of the run.
            problem: with the budgets that the best network keeps.
            info: what a score is.
            searchers: the name and the evaluations of each, in order.
            executor: tells what its workers are at.
            show: called with the state, from another thread and at last from this one.
            every_s: seconds between two looks.
        """
        self._folder, self._problem, self._info = folder, problem, info
        self._searchers = {name: SearcherState(name, 0, limit) for name, limit in searchers}
        self._asking = ""
        self._executor, self._show, self._every_s = executor, show, every_s
        self._begun = time.monotonic()
        self._evaluated = self._stopped = self._failed = 0
        self._best: tuple[float, float] | None = None
        self._counting, self._ended = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._look, name="search watch", daemon=True)
        self._thread_error: BaseException | None = None

    @contextmanager
    def watching(self, journal: Journal) -> Iterator[None]:
        """The context of a search: the state is kept, at first by what earlier ones have found.

        The file of a search that has ended is removed; others keep theirs, so that a later
        `hwnas status` knows how far it was.

        Raises:
            RunError: the journal holds what is no architecture of the space.
        """
        self._begin(journal)
        self._write(self.state())
        try:
            self._thread.start()
            yield
        except BaseException:
            self._stop()
            self._write(self.state(working=False))
            raise
        self._stop()
        with suppress(OSError):
            (self._folder.path / FILE).unlink(missing_ok=True)
        self._check_thread()
        if self._show is not None and self._asking:
            self._show(self.state(working=False))

    def _begin(self, journal: Journal) -> None:
        if journal.extreme_scores():
            front = self._problem.front(*journal.evaluations_in(self._problem.space))
            if len(front.scores):
                self._best = float(front.scores[-1]), float(front.costs[-1])
        for outcome in journal.outcomes.unfinished.values():
            self._count(outcome)

    def _stop(self) -> None:
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()

    def heard(self, architecture: Architectures, outcome: Outcome) -> None:
        """Called with each (L,) architecture that was evaluated, and what came of it."""
        best = None
        if outcome.is_measured and self._is_best(architecture, outcome):
            assert outcome.score is not None
            best = outcome.score, float(self._problem.costs(architecture[None])[0])
        with self._counting:
            self._evaluated += 1
            self._count(outcome)
            self._best = best or self._best

    def progress(self, name: str, done: int, limit: int) -> None:
        """Called after each answer to a searcher.

        Raises:
            Exception: what `show` raised.
        """
        self._check_thread()
        with self._counting:
            self._asking = name
            self._searchers[name] = SearcherState(name, done, limit)

    def state(self, *, working: bool = True) -> SearchState:
        """How far the search is now; `working`: with what its workers are at."""
        workers = tuple(self._executor.workers()) if working else ()
        with self._counting:
            best, cost = self._best or (None, None)
            return SearchState(
                time.time(),
                time.monotonic() - self._begun,
                self._evaluated,
                tuple(self._searchers.values()),
                self._stopped,
                self._failed,
                best,
                cost,
                self._info.heading,
                self._asking,
                workers,
            )

    def _look(self) -> None:
        try:
            while not self._ended.wait(self._every_s):
                state = self.state()
                self._write(state)
                if self._show is not None and state.asking:
                    self._show(state)
        except BaseException as error:  # the search ends with it, as if it were its own
            self._thread_error = error

    def _check_thread(self) -> None:
        if self._thread_error is not None:
            raise self._thread_error

    def _is_best(self, architecture: Architectures, outcome: Outcome) -> bool:
        assert outcome.score is not None
        better = self._best is None or outcome.score > self._best[0]
        return better and bool(self._problem.feasible(architecture[None])[0])

    def _count(self, outcome: Outcome) -> None:
        self._failed += outcome.score is None
        self._stopped += outcome.deviation is not None

    def _write(self, state: SearchState) -> None:
        with suppress(HwnasError, OSError):
            write_state(state, self._folder.path)
