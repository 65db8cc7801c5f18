import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import RunError
from hwnas.search.front import front_of
from hwnas.search.journal import Journal
from hwnas.search.run_search import run_search
from hwnas.search.searchers.random_search import RandomSearch
from tests.hwnas.search.problems import macro_problem, synthetic_score

ROOT = Path(__file__).resolve().parents[3]

# One line on stdout for every evaluation that is begun.
PROGRAM = """
import sys, time
from pathlib import Path
from hwnas.search.journal import Journal
from hwnas.search.searchers.layernas import LayerNAS
from hwnas.search.run_search import run_search
from tests.hwnas.search.problems import macro_problem, synthetic_score

def slow(rows):
    print(rows[0].tolist(), flush=True)
    time.sleep(0.01)
    return synthetic_score(rows)

with Journal(Path(sys.argv[1])) as journal:
    run_search(LayerNAS(macro_problem(0.5), 100, seed=0), slow, journal)
"""


def start(path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def run_to_the_end(path: Path) -> list[str]:
    with start(path) as process:
        begun = process.communicate(timeout=60)[0].splitlines()
    assert process.returncode == 0
    return begun


def found(path: Path) -> tuple[list[list[int]], list[float], list[list[int]]]:
    with Journal(path) as journal:
        architectures, scores = journal.evaluations()
    front = front_of(macro_problem(0.5), architectures, scores)
    return architectures.tolist(), scores.tolist(), front.architectures.tolist()


def test_a_search_killed_ten_times_ends_like_an_uninterrupted_one(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole.sqlite", tmp_path / "killed.sqlite"
    uninterrupted = run_to_the_end(whole)
    begun = []
    for moment in range(10):
        with start(killed) as process:
            assert process.stdout is not None
            begun += [process.stdout.readline() for _ in range(1 + moment % 4 * 3)]
            time.sleep(0.002 * moment)  # at another point of an evaluation each time
            process.send_signal(signal.SIGKILL)
            begun += process.stdout.readlines()
        assert process.returncode == -signal.SIGKILL
    begun += run_to_the_end(killed)
    assert found(killed) == found(whole)
    # A kill costs at most the evaluation that it interrupts.
    assert len(begun) <= len(uninterrupted) + 10


def test_every_score_is_recorded_before_the_next_is_computed(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        recorded = []

        def score(rows: np.ndarray) -> np.ndarray:
            recorded.append(len(journal.evaluations()[1]))
            return synthetic_score(rows)

        run_search(RandomSearch(macro_problem(), 20, seed=0), score, journal)
    assert recorded == list(range(20))


def test_progress_is_told_after_every_evaluation(tmp_path: Path) -> None:
    told = []
    with Journal(tmp_path / "run.sqlite") as journal:
        run_search(
            RandomSearch(macro_problem(), 5, seed=0),
            synthetic_score,
            journal,
            lambda done, limit: told.append((done, limit)),
        )
    assert told == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_a_second_searcher_shares_the_evaluations_of_the_first(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        run_search(RandomSearch(macro_problem(0.005), 500, seed=0), synthetic_score, journal)

        class Again(RandomSearch):
            name = "again"

        def never(rows: np.ndarray) -> np.ndarray:
            pytest.fail(f"{rows} was evaluated again")

        run_search(Again(macro_problem(0.005), 500, seed=1), never, journal)
        assert all(who == {"random", "again"} for who in journal.searchers_of().values())


def test_another_seed_in_the_same_journal_is_refused_before_it_evaluates(tmp_path: Path) -> None:
    def never(rows: np.ndarray) -> np.ndarray:
        pytest.fail(f"{rows} was evaluated")

    with Journal(tmp_path / "run.sqlite") as journal:
        run_search(RandomSearch(macro_problem(), 20, seed=0), synthetic_score, journal)
        with pytest.raises(RunError, match="another search of 'random'"):
            run_search(RandomSearch(macro_problem(), 20, seed=1), never, journal)


def test_a_score_that_is_no_number_is_refused_and_not_recorded(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        with pytest.raises(RunError, match="is nan, not a number"):
            run_search(
                RandomSearch(macro_problem(), 5, seed=0),
                lambda rows: np.full(len(rows), np.nan),
                journal,
            )
        assert len(journal.evaluations()[1]) == 0


def test_scores_that_cost_nothing_are_computed_and_kept_a_question_at_a_time(
    tmp_path: Path,
) -> None:
    asked: list[int] = []

    def score(rows: np.ndarray) -> np.ndarray:
        asked.append(len(rows))
        if len(asked) == 2:
            raise KeyboardInterrupt
        return synthetic_score(rows)

    def searched(path: Path, objective) -> None:
        with Journal(path) as journal:
            searcher = RandomSearch(macro_problem(0.5), 120, seed=0)
            run_search(searcher, objective, journal, together=True)

    searched(tmp_path / "whole.sqlite", synthetic_score)
    with pytest.raises(KeyboardInterrupt):
        searched(tmp_path / "killed.sqlite", score)
    # Of the question that was interrupted nothing is kept, of the one before everything.
    assert len(found(tmp_path / "killed.sqlite")[0]) == 50
    searched(tmp_path / "killed.sqlite", score)
    assert asked == [50, 50, 50, 20]
    assert found(tmp_path / "killed.sqlite") == found(tmp_path / "whole.sqlite")


def test_what_another_search_has_scored_is_not_computed_again(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    with Journal(path) as journal:
        run_search(RandomSearch(macro_problem(0.5), 50, seed=0), synthetic_score, journal)
        computed: list[int] = []

        def score(rows: np.ndarray) -> np.ndarray:
            computed.append(len(rows))
            return synthetic_score(rows)

        searcher = RandomSearch(macro_problem(0.5), 100, seed=0)
        run_search(searcher, score, journal, settings="longer", together=True)
    assert computed == [50]
    assert len(searcher.scores) == 100


def test_a_score_that_is_no_number_is_refused_and_nothing_of_its_question_kept(
    tmp_path: Path,
) -> None:
    def score(rows: np.ndarray) -> np.ndarray:
        return np.where(np.arange(len(rows)) == 7, np.nan, 1.0)

    with Journal(tmp_path / "run.sqlite") as journal:
        searcher = RandomSearch(macro_problem(0.5), 60, seed=0)
        with pytest.raises(RunError, match="is nan, not a number"):
            run_search(searcher, score, journal, together=True)
        assert len(journal.evaluations()[1]) == 0
