"""What a running search says of itself."""

from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import RunError
from hwnas.estimators.scores import ScoreInfo
from hwnas.runs.folder import RunFolder
from hwnas.runs.search_state import SearcherState, read_state
from hwnas.runs.search_watch import SearchWatch
from hwnas.search.journal import Journal
from hwnas.search.outcome import Outcome
from hwnas.search.run_search import run_searcher
from hwnas.search.searchers.random_search import RandomSearch
from tests.hwnas.search.problems import macro_problem, synthetic_score


class Clock:
    """Goes on by a part of a second whenever it is read."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def watch(folder: Path, step: float) -> SearchWatch:
    info = ScoreInfo("macs", "MACs", "M", "MACs")
    searchers = [("random", 20), ("again", 5)]
    return SearchWatch(
        RunFolder(folder), macro_problem(0.5), info, searchers, None, clock=Clock(step)
    )


def scored(rows: np.ndarray) -> np.ndarray:
    return np.where(np.arange(len(rows)) == 7, np.nan, synthetic_score(rows))


def test_a_search_says_how_far_it_is(tmp_path: Path) -> None:
    state = watch(tmp_path, step=2.0)
    with Journal(tmp_path / "run.sqlite") as journal:
        state.begin(journal)
        first = read_state(tmp_path)
        assert first is not None
        assert (first.evaluated, first.best, first.per_hour) == (0, None, None)
        found = run_searcher(
            RandomSearch(macro_problem(0.5), 20, seed=0),
            synthetic_score,
            journal,
            lambda done, limit: state.progress("random", done, limit),
            heard=state.heard,
        )
    last = read_state(tmp_path)
    assert last is not None
    assert last.searchers == (SearcherState("random", 20, 20), SearcherState("again", 0, 5))
    assert last.evaluated == 20
    assert last.best == pytest.approx(found.scores.max())
    assert last.seconds_left == pytest.approx(last.seconds / 20 * 5)
    state.end()
    assert read_state(tmp_path) is None


def test_a_resumed_search_counts_what_was_found_before(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        found = run_searcher(RandomSearch(macro_problem(0.5), 5, seed=0), synthetic_score, journal)
        journal.trials("random", "x").record_outcome(0, [0] * 8, Outcome(None, failure="so"))
        watch(tmp_path, step=2.0).begin(journal)
    state = read_state(tmp_path)
    assert state is not None
    assert (state.failed, state.best) == (1, found.front.scores[-1])


def test_the_file_is_written_once_a_second_at_most(tmp_path: Path) -> None:
    state = watch(tmp_path, step=0.1)
    with Journal(tmp_path / "run.sqlite") as journal:
        state.begin(journal)
    written = []
    for done in range(1, 21):
        state.progress("random", done, 20)
        found = read_state(tmp_path)
        assert found is not None
        written.append(found.searchers[0].done)
    assert 1 < len(set(written)) < 6


def test_a_folder_that_cannot_be_written_to_stops_no_search(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        watch(tmp_path / "run.sqlite", step=2.0).begin(journal)


def test_an_architecture_of_another_space_is_told_as_damage(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        journal.trials("random").record([9] * 8, 1.0, 0.0)
        with pytest.raises(RunError, match=r"run\.sqlite is damaged"):
            watch(tmp_path, step=2.0).begin(journal)
