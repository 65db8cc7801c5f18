"""What a running search says of itself."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import RunError
from hwnas.estimators.scores import ScoreInfo
from hwnas.runs.folder import RunFolder
from hwnas.runs.search_lines import search_lines
from hwnas.runs.search_state import SearcherState, SearchState, read_state
from hwnas.runs.search_watch import SearchWatch
from hwnas.search.executors import Executor, InProcess
from hwnas.search.executors.executor import WorkerState
from hwnas.search.journal import Journal
from hwnas.search.outcome import Outcome
from hwnas.search.run_search import run_searcher
from hwnas.search.searchers.random_search import RandomSearch
from hwnas.spaces import Architectures
from tests.hwnas.search.problems import macro_problem, synthetic_score

# However busy the machine is.
PATIENCE_S = 120.0


def watch(
    folder: Path,
    executor: Executor | None = None,
    show: Callable[[SearchState], None] | None = None,
) -> SearchWatch:
    info = ScoreInfo("macs", "MACs", "M", "MACs")
    searchers = [("random", 20), ("again", 5)]
    return SearchWatch(
        RunFolder(folder), macro_problem(0.5), info, searchers, executor or InProcess(), show, 0.001
    )


@contextmanager
def watched(state: SearchWatch, folder: Path) -> Iterator[Journal]:
    with Journal(folder / "run.sqlite") as journal, state.watching(journal):
        yield journal


def seen(folder: Path, wanted: Callable[[SearchState], bool]) -> SearchState:
    """The first state in a folder that is as wanted."""
    since = time.monotonic()
    while time.monotonic() - since < PATIENCE_S:
        state = read_state(folder)
        if state is not None and wanted(state):
            return state
        time.sleep(0.001)
    raise AssertionError(f"never seen; at last {read_state(folder)}")


def threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name == "search watch"]


def test_a_search_says_how_far_it_is(tmp_path: Path) -> None:
    state = watch(tmp_path)
    with watched(state, tmp_path) as journal:
        first = seen(tmp_path, lambda _: True)
        assert (first.evaluated, first.best, first.per_hour, first.asking) == (0, None, None, "")
        found = run_searcher(
            RandomSearch(macro_problem(0.5), 20, seed=0),
            synthetic_score,
            journal,
            lambda done, limit: state.progress("random", done, limit),
            heard=state.heard,
        )
        last = seen(tmp_path, lambda one: one.evaluated == 20)
        assert last.searchers == (SearcherState("random", 20, 20), SearcherState("again", 0, 5))
        assert last.asking == "random"
        assert last.best == pytest.approx(found.scores.max())
        assert last.seconds_left == pytest.approx(last.seconds / 20 * 5)
    assert read_state(tmp_path) is None
    assert threads() == []


def test_an_evaluation_that_takes_long_is_seen_while_it_runs(tmp_path: Path) -> None:
    executor = InProcess()
    state, times = watch(tmp_path, executor), []

    def looked_at(rows: Architectures) -> np.ndarray:
        text = " ".join(map(str, rows[0].tolist()))
        for _ in range(2):
            last = seen(
                tmp_path,
                lambda one: (
                    [worker.at for worker in one.workers] == [text]
                    and one.seconds > max(times, default=0.0)
                ),
            )
            times.append(last.seconds)
        return synthetic_score(rows)

    searcher = RandomSearch(macro_problem(0.5), 2, seed=0)
    with watched(state, tmp_path) as journal:
        run_searcher(searcher, looked_at, journal, executor=executor)
    assert times == sorted(set(times))


def test_it_is_shown_while_it_runs_and_at_last_without_workers(tmp_path: Path) -> None:
    shown: list[SearchState] = []
    enough = threading.Event()

    def show(state: SearchState) -> None:
        shown.append(state)
        if len(shown) == 3:
            enough.set()

    state = watch(tmp_path, show=show)
    with watched(state, tmp_path):
        state.progress("random", 7, 20)
        assert enough.wait(PATIENCE_S)
    assert {one.searchers[0].done for one in shown} == {7}
    assert shown[-1].workers == ()


def test_a_search_that_is_interrupted_leaves_its_state_and_no_thread(tmp_path: Path) -> None:
    state = watch(tmp_path)

    def interrupted() -> None:
        with watched(state, tmp_path):
            state.progress("random", 7, 20)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    left = read_state(tmp_path)
    assert left is not None
    assert (left.searchers[0].done, left.workers) == (7, ())
    assert threads() == []


def test_what_goes_wrong_where_it_is_shown_ends_the_search(tmp_path: Path) -> None:
    def closed(state: SearchState) -> None:
        del state
        raise BrokenPipeError

    state = watch(tmp_path, show=closed)

    def search() -> None:
        with watched(state, tmp_path):
            while True:
                state.progress("random", 7, 20)
                time.sleep(0.001)

    with pytest.raises(BrokenPipeError):
        search()
    assert threads() == []


def test_a_resumed_search_counts_what_was_found_before(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        found = run_searcher(RandomSearch(macro_problem(0.5), 5, seed=0), synthetic_score, journal)
        journal.trials("random", "x").record_outcome(0, [0] * 8, Outcome(None, failure="so"))
    with watched(watch(tmp_path), tmp_path):
        state = seen(tmp_path, lambda _: True)
    assert (state.failed, state.best) == (1, found.front.scores[-1])


def test_a_folder_that_cannot_be_written_to_stops_no_search(tmp_path: Path) -> None:
    with (
        Journal(tmp_path / "run.sqlite") as journal,
        watch(tmp_path / "run.sqlite").watching(journal),
    ):
        pass


def test_an_architecture_of_another_space_is_told_as_damage(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        journal.trials("random").record_outcome(0, [9] * 8, Outcome(1.0))
        with (
            pytest.raises(RunError, match=r"run\.sqlite is damaged"),
            watch(tmp_path).watching(journal),
        ):
            pass


def test_of_many_workers_the_busiest_are_shown() -> None:
    workers = tuple(
        WorkerState(f"worker {n}", "pi" if n else "", "1 0" if n > 3 else "", float(n))
        for n in range(20)
    )
    lines = search_lines(SearchState(0.0, 1.0, 0, (), 0, 0, None, None, "a (%)", "", workers))
    assert lines[:2] == ["nothing evaluated yet", "worker 19 on pi: 1 0, for 19 s"]
    assert lines[-1] == "and 8 further workers"
    few = SearchState(0.0, 1.0, 0, (), 0, 0, None, None, "a (%)", "", workers[:2])
    assert search_lines(few)[1:] == ["worker 0: is being started", "worker 1 on pi: waits"]
