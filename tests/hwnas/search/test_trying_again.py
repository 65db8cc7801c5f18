"""What a raised limit tries again, and when a search that has ended needs no replay."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from hwnas.search.executors.evaluation_limits import EvaluationLimits
from hwnas.search.executors.executor import WorkerState
from hwnas.search.journal import Journal
from hwnas.search.mode import ASYNCHRONOUS
from hwnas.search.outcome import Candidate, Ended, Evaluate, Outcome
from hwnas.search.run_search import Evaluations, run_searcher, try_again
from hwnas.search.searchers import make_searcher
from hwnas.search.searchers.evolution import Evolution
from hwnas.search.searchers.random_search import RandomSearch
from hwnas.spaces import Architectures
from tests.hwnas.search.problems import macro_problem, synthetic_score


class Limited:
    """Ends the evaluation of a network that needs more seconds than there are: 0 to 9 s."""

    def __init__(self, seconds: float | None) -> None:
        self.limits = EvaluationLimits(seconds=seconds)
        self.evaluated: list[str] = []

    def run(
        self, evaluate: Evaluate, candidates: Sequence[Candidate]
    ) -> Iterator[tuple[int, Outcome]]:
        for index, candidate in enumerate(candidates):
            self.evaluated.append(candidate.text)
            most = self.limits.seconds
            if most is not None and needed(candidate.architecture) > most:
                yield index, Outcome(None, failure="too long", ended=Ended("seconds", most))
            else:
                yield index, evaluate(candidate)

    def workers(self) -> Sequence[WorkerState]:
        return ()


def needed(row: Architectures) -> int:
    return int(np.random.default_rng(row).integers(10))


def searched(path: Path, executor: Limited) -> tuple[Evaluations, int]:
    with Journal(path) as journal:
        again = try_again(journal, executor)
        searcher = Evolution(macro_problem(0.5), 60, seed=0)
        found = run_searcher(searcher, synthetic_score, journal, settings="s", executor=executor)
        journal.note_end("evolution", "s")
    return found, again


def failed(path: Path) -> dict[str, Outcome]:
    with Journal(path) as journal:
        return journal.outcomes.unfinished


def test_what_a_limit_ended_is_tried_again_when_it_is_raised(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    first = Limited(6)
    _, again = searched(path, first)
    before = failed(path)
    assert again == 0
    assert before
    assert {one.ended for one in before.values()} == {Ended("seconds", 6.0)}
    raised = Limited(8)
    found, again = searched(path, raised)
    assert again == len(before)
    after = failed(path)
    assert all(needed(np.array(eval_row(text))) > 8 for text in after)
    assert {one.ended for one in after.values()} <= {Ended("seconds", 8.0)}
    # The search ends as one that had these limits from the beginning.
    whole, _ = searched(tmp_path / "whole.sqlite", Limited(8))
    assert found.architectures.tolist() == whole.architectures.tolist()
    assert found.scores.tobytes() == whole.scores.tobytes()
    # What had been judged before is not judged again.
    judged = {text for text in first.evaluated if f"[{text.replace(' ', ', ')}]" not in before}
    assert judged.isdisjoint(raised.evaluated)


def test_an_asynchronous_search_tries_again_what_a_limit_ended(tmp_path: Path) -> None:
    def search(executor: Limited) -> Evaluations:
        with Journal(tmp_path / "run.sqlite") as journal:
            try_again(journal, executor)
            searcher = make_searcher("random", macro_problem(0.5), 40, 1, {}, ASYNCHRONOUS)
            return run_searcher(
                searcher, synthetic_score, journal, executor=executor, mode=ASYNCHRONOUS
            )

    few = search(Limited(7))
    assert failed(tmp_path / "run.sqlite")
    every = search(Limited(None))
    assert failed(tmp_path / "run.sqlite") == {}
    assert len(few.scores) < len(every.scores) == 40


def eval_row(text: str) -> list[int]:
    return [int(choice) for choice in text.strip("[]").split(",")]


@pytest.mark.parametrize("seconds", [6, 5])
def test_limits_that_allow_no_more_than_before_try_nothing_again(
    tmp_path: Path, seconds: float
) -> None:
    searched(tmp_path / "run.sqlite", Limited(6))
    same = Limited(seconds)
    assert searched(tmp_path / "run.sqlite", same)[1] == 0
    assert same.evaluated == []


def test_without_a_limit_all_are_tried_again(tmp_path: Path) -> None:
    searched(tmp_path / "run.sqlite", Limited(6))
    searched(tmp_path / "run.sqlite", Limited(None))
    assert failed(tmp_path / "run.sqlite") == {}


def test_other_failures_stay(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        trials = journal.trials("random")
        trials.record_outcome(0, [0] * 8, Outcome(None, failure="the process of a worker died"))
        assert try_again(journal, Limited(None)) == 0
        assert len(journal.outcomes.unfinished) == 1


def test_where_nothing_can_be_ended_nothing_is_tried_again(tmp_path: Path) -> None:
    searched(tmp_path / "run.sqlite", Limited(6))
    with Journal(tmp_path / "run.sqlite") as journal:
        assert try_again(journal, None) == 0


def test_a_search_is_whole_from_its_end_until_something_of_it_is_lost(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        searcher = RandomSearch(macro_problem(0.5), 9, seed=0)
        run_searcher(searcher, synthetic_score, journal, settings="s")
        assert not journal.is_whole("random", "s")
        assert not journal.has_ended("random", "s")
        journal.note_end("random", "s")
        assert journal.is_whole("random", "s")
        again = RandomSearch(macro_problem(0.5), 12, seed=1)
        run_searcher(again, synthetic_score, journal, settings="others")
        assert journal.is_whole("random", "s")
        journal._database.write("DELETE FROM evaluations WHERE rowid > 7")
        assert not journal.is_whole("random", "s")
        assert journal.has_ended("random", "s")


def test_the_end_that_earlier_versions_noted_is_one_but_is_replayed(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        journal.bind("ended random s", "yes")
        assert journal.has_ended("random", "s")
        assert not journal.is_whole("random", "s")
