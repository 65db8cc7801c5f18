"""Asynchronous searches: what a searcher knows when it is asked, and how one is resumed."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from hwnas.core.errors import ConfigError, RunError
from hwnas.search.journal import Journal
from hwnas.search.outcome import Candidate, Evaluate, Outcome
from hwnas.search.run_search import Evaluations, run_search, run_searcher, settings_digest
from hwnas.search.score import Score
from hwnas.search.searchers import make_searcher, searcher_class, searcher_settings
from hwnas.search.searchers.evolution import Evolution
from hwnas.search.searchers.local_search import LocalSearch, LocalSearchSettings
from hwnas.search.searchers.random_search import RandomSearch
from hwnas.search.searchers.searcher import Searcher
from hwnas.spaces import Architectures
from hwnas.spaces.space import keys
from hwnas.testing.simulated_workers import SimulatedWorkers
from tests.hwnas.search.problems import macro_problem, synthetic_score
from tests.hwnas.search.test_questions import Trained, failing

STEADY = ["surrogate", "around", "evolution", "local", "random"]


def searched(
    searcher: Searcher,
    score: object = synthetic_score,
    executor: object = None,
    path: Path | None = None,
) -> Evaluations:
    if path is None:
        return run_searcher(searcher, score, executor=executor, mode="asynchronous")
    with Journal(path) as journal:
        return run_searcher(searcher, score, journal, executor=executor, mode="asynchronous")


def uneven(workers: int) -> SimulatedWorkers:
    return SimulatedWorkers(workers, lambda one: 0.2 + one.architecture[0] + one.architecture[-1])


class Watched(RandomSearch):
    """Notes what is known and what is pending whenever it is asked."""

    def prepare(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def ask(self) -> Architectures:
        self.asked.append((len(self.scores), len(self.pending)))
        return self.random(1)


class InOrder:
    """Two workers, of which the first keeps its first candidate until all others have ended."""

    def run(
        self, evaluate: Evaluate, candidates: Iterable[Candidate]
    ) -> Iterator[tuple[int, Outcome]]:
        new = enumerate(candidates)
        _, first = next(new)
        for index, candidate in new:
            yield index, evaluate(candidate)
        yield 0, evaluate(first)

    def workers(self) -> tuple[()]:
        return ()


def test_whoever_is_free_gets_what_is_chosen_by_all_scores_so_far() -> None:
    searcher = Watched(macro_problem(0.5), 6, seed=0)
    searched(searcher, executor=InOrder())
    # Known and pending: the first is pending throughout.
    assert searcher.asked == [(0, 0), (0, 1), (1, 1), (2, 1), (3, 1), (4, 1), (5, 1)]


def test_no_more_is_asked_for_than_can_be_begun() -> None:
    searcher = Watched(macro_problem(0.5), 9, seed=0)
    searched(searcher, executor=SimulatedWorkers(3, lambda _: 1.0))
    assert searcher.asked[:3] == [(0, 0), (0, 1), (0, 2)]
    assert {pending for _, pending in searcher.asked[3:-1]} <= {2}


@pytest.mark.parametrize("name", STEADY)
def test_one_worker_finds_what_a_synchronous_search_one_by_one_does(name: str) -> None:
    settings = {"batch": 1} if "batch" in searcher_class(name).settings_model.model_fields else {}
    problem = macro_problem(0.5)
    one = searched(make_searcher(name, problem, 40, 2, mode="asynchronous"))
    other = run_searcher(make_searcher(name, problem, 40, 2, settings), synthetic_score)
    assert one.architectures.tolist() == other.architectures.tolist()


def test_a_search_takes_the_time_of_its_evaluations_shared_by_the_workers() -> None:
    workers = uneven(2)
    found = searched(Evolution(macro_problem(0.5), 60, seed=0), executor=workers)
    spent = sum(0.2 + row[0] + row[-1] for row in found.architectures.tolist())
    assert spent / 2 <= workers.clock <= spent / 2 + 5


def test_what_has_failed_is_told_as_the_worst_score_so_far() -> None:
    searcher = RandomSearch(macro_problem(0.5), 40, seed=0)
    found = searched(searcher, failing, uneven(3))
    rows, told = searcher.evaluated
    failed = np.isnan(failing(rows))
    assert failed.any()
    assert len(found.scores) == 40 - failed.sum()
    worst = np.minimum.accumulate(np.where(failed, np.inf, told))
    after = np.isfinite(worst)  # failures before any score are told when there is one
    assert (told[failed & after] == worst[failed & after]).all()


def test_a_search_of_nothing_but_failures_ends_after_three() -> None:
    evaluated: list[Architectures] = []

    def never(rows: Architectures) -> np.ndarray:
        evaluated.append(rows)
        return np.full(1, np.nan)

    with pytest.raises(RunError, match="every evaluation so far failed: the score is nan"):
        searched(RandomSearch(macro_problem(0.5), 40, seed=0), never, uneven(2))
    assert len(evaluated) == 3
    with pytest.raises(RunError, match="every evaluation so far failed: the score is nan"):
        searched(RandomSearch(macro_problem(0.5), 2, seed=0), never, uneven(2))


def interrupted_after(count: int, score: Score = synthetic_score) -> Score:
    left = [count]

    def interrupted(rows: Architectures) -> np.ndarray:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return np.asarray(score(rows))

    return interrupted


def never(rows: Architectures) -> np.ndarray:
    pytest.fail(f"{rows} was evaluated again")


def test_failures_alone_before_an_interruption_are_not_evaluated_again(tmp_path: Path) -> None:
    path, searcher = tmp_path / "run.sqlite", lambda: RandomSearch(macro_problem(0.5), 20, seed=0)
    broken = interrupted_after(2, lambda _: np.full(1, np.nan))
    with pytest.raises(KeyboardInterrupt):
        searched(searcher(), broken, path=path)
    found = searched(searcher(), interrupted_after(18), path=path)
    assert len(found.scores) == 18
    assert len(searched(searcher(), never, path=path).scores) == 18


def test_a_resumed_search_is_told_what_it_was_told_and_in_that_order(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"

    class Told(Evolution):
        def prepare(self) -> None:
            super().prepare()
            self.told: list[tuple[int, ...]] = []

        def tell(self, architectures: Architectures, scores: np.ndarray) -> None:
            super().tell(architectures, scores)
            self.told += keys(architectures)

    killed, resumed = (Told(macro_problem(0.5), 60, seed=0) for _ in range(2))
    with pytest.raises(KeyboardInterrupt):
        searched(killed, interrupted_after(37), uneven(3), path)
    searched(resumed, interrupted_after(60 - 37), uneven(3), path)
    assert resumed.told[:37] == killed.told
    assert len(resumed.told) == len(set(resumed.told)) == 60


def test_a_first_question_that_was_interrupted_is_asked_to_its_end(tmp_path: Path) -> None:
    path, whole = tmp_path / "run.sqlite", Evolution(macro_problem(0.5), 80, seed=0).ask()
    with pytest.raises(KeyboardInterrupt):
        searched(Evolution(macro_problem(0.5), 80, 0), interrupted_after(5), uneven(3), path)
    with pytest.raises(KeyboardInterrupt):
        searched(Evolution(macro_problem(0.5), 80, 0), interrupted_after(15), None, path)
    with Journal(path) as journal:
        assert set(keys(journal.evaluations()[0])) == set(keys(whole))


def test_what_another_search_has_evaluated_is_not_evaluated_again(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    searched(RandomSearch(macro_problem(0.5), 30, seed=0), path=path)

    class Again(RandomSearch):
        name = "again"

    found = searched(Again(macro_problem(0.5), 30, seed=0), never, uneven(2), path)
    assert len(found.scores) == 30


def test_a_journal_without_an_evaluation_that_was_told_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    searched(RandomSearch(macro_problem(0.5), 5, seed=0), path=path)
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM evaluations WHERE rowid = 3")
    with pytest.raises(RunError, match=r"the journal has no evaluation of \[.*restore it from"):
        searched(RandomSearch(macro_problem(0.5), 5, seed=0), path=path)


@pytest.mark.parametrize("text", ["[1,,2]", "[1, 2]", "[9, 9, 9, 9, 9, 9, 9, 9]"])
def test_a_journal_that_holds_no_network_of_the_space_is_damaged(text: str, tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    searched(RandomSearch(macro_problem(0.5), 5, seed=0), path=path)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE trials SET architecture = ? WHERE number = 3", (text,))
    with pytest.raises(RunError, match=r"the journal holds what is no network of the space \("):
        searched(RandomSearch(macro_problem(0.5), 5, seed=0), path=path)


def test_a_rule_that_stops_trainings_is_made_anew_as_trainings_end() -> None:
    trained = Trained()
    found = searched(Evolution(macro_problem(0.5), 40, seed=0), trained, uneven(3))
    assert len(trained.rules) == 10
    sizes = [len(rule) for rule in trained.rules]
    assert sizes == sorted(sizes)
    assert sizes[0] == 0
    assert sizes[-1] > 0
    assert len(found.scores) < 40  # some were stopped


def test_a_local_search_climbs_from_what_was_pending_when_it_moved_on() -> None:
    searcher = LocalSearch(macro_problem(), 100, 0, LocalSearchSettings(start=1, batch=1))

    def ask() -> Architectures:
        rows = searcher.ask()
        searcher.pending.update(dict.fromkeys(keys(rows)))
        return rows

    def told(rows: Architectures, score: float) -> None:
        searcher.tell(rows, np.array([score]))

    told(ask(), 1.0)
    one, other, late = ask(), ask(), ask()
    told(one, 2.0)
    near = ask()
    assert ((near != one).sum(axis=1) == 1).all()  # it has moved on to the first that is better
    told(other, 1.5)
    told(late, 3.0)
    near = ask()
    assert ((near != late).sum(axis=1) == 1).all()


def test_children_come_from_those_whose_score_is_known() -> None:
    searcher = Evolution(macro_problem(0.5), 100, seed=0)
    first = searcher.ask()
    searcher.pending.update(dict.fromkeys(keys(first)))
    searcher.tell(first[:3], np.array([1.0, 3.0, 2.0]))
    (child,) = searcher.ask()
    assert min((child != row).sum() for row in first[:3]) == 1


@pytest.mark.parametrize("name", ["layernas", "nsga2", "two_stage", "exact_front"])
def test_a_searcher_that_needs_whole_questions_is_refused_with_those_that_do_not(name: str) -> None:
    sentence = rf"{name} cannot search asynchronously: .* name surrogate, .* random, .*, or leave"
    with pytest.raises(ConfigError, match=sentence):
        run_search(macro_problem(0.5), lambda _: [0.0], searcher=name, mode="asynchronous")


def test_a_searcher_of_ones_own_needs_whole_questions_unless_it_says_otherwise() -> None:
    class Own(Searcher):
        name = "own"

        def ask(self) -> Architectures:
            return self.random(1)

    class Steady(Own):
        asynchronous: ClassVar[Mapping[str, Any] | None] = {}

    with pytest.raises(ConfigError, match="own cannot search asynchronously"):
        run_search(macro_problem(0.5), lambda _: [0.0], searcher=Own, mode="asynchronous")
    found = run_search(
        macro_problem(0.5), lambda _: [0.0], searcher=Steady, evaluations=3, mode="asynchronous"
    )
    assert len(found.scores) == 3


def test_wrong_modes_are_refused() -> None:
    with pytest.raises(ConfigError, match="mode is 'soon'; write synchronous or asynchronous"):
        run_search(macro_problem(0.5), lambda _: [0.0], mode="soon")
    with pytest.raises(ConfigError, match="all of a question are computed at once; leave mode out"):
        run_search(macro_problem(0.5), lambda _: [0.0], mode="asynchronous", together=True)


def test_the_modes_have_histories_of_their_own() -> None:
    problem = macro_problem(0.5)
    usual = settings_digest(problem, "random", 9, 0)
    assert settings_digest(problem, "random", 9, 0, mode="synchronous") == usual
    assert settings_digest(problem, "random", 9, 0, mode="asynchronous") != usual


def test_a_batch_that_is_given_holds() -> None:
    for name, usual in (("surrogate", None), ("evolution", 1), ("local", 8)):
        assert searcher_settings(name, {}).batch == usual
        assert searcher_settings(name, {}, "asynchronous").batch == 1
        given = searcher_settings(name, {"batch": 4}, "asynchronous")
        assert given.batch == 4
