"""What becomes of evaluations that fail, are stopped early, or end in another order."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from hwnas.core.errors import RunError
from hwnas.search.journal import Journal
from hwnas.search.outcome import Candidate, Evaluate, Finished, Outcome, Stopping
from hwnas.search.run_search import Evaluations, run_searcher
from hwnas.search.searchers.evolution import Evolution
from hwnas.search.searchers.random_search import RandomSearch
from hwnas.spaces import Architectures
from tests.hwnas.search.problems import macro_problem, synthetic_score


class Backwards:
    """Evaluates the last candidate of a question first."""

    def run(
        self, evaluate: Evaluate, candidates: Sequence[Candidate]
    ) -> Iterator[tuple[int, Outcome]]:
        for index in reversed(range(len(candidates))):
            yield index, evaluate(candidates[index])


class Below(Stopping):
    """Stops what is less than the mean of those that have finished."""

    def __init__(self, finished: Sequence[Finished]) -> None:
        self.known = [one.curve[-1] for one in finished]

    def __call__(self, candidate: Candidate, curve: Sequence[float]) -> Outcome | None:
        assert candidate.stopping is self
        low = curve[-1] < np.mean(self.known)
        return Outcome(curve[-1], deviation=1.0) if low else None


class Trained:
    """Two epochs a candidate; stops by what stages before have given."""

    every: int | None = 4

    def __init__(self, stop_at: int | None = None) -> None:
        self.rules: list[list[float]] = []
        self.left = stop_at
        self.discarded: list[list[int]] = []

    def stopping(
        self, finished: Sequence[Finished], stopped: Sequence[Sequence[float]]
    ) -> Stopping | None:
        self.rules.append([one.curve[-1] for one in finished])
        self.stopped = len(stopped)
        return Below(finished) if finished else None

    def discard(self, architecture: Architectures) -> None:
        self.discarded.append(architecture.tolist())

    def __call__(self, candidate: Candidate) -> Outcome:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
        score = float(synthetic_score(candidate.architecture[None])[0])
        stopped = candidate.stopping and candidate.stopping(candidate, [score])
        if stopped:
            return Outcome(stopped.score, 0.0, (score,), stopped.deviation)
        return Outcome(score, 0.0, (score - 1.0, score))


def failing(rows: np.ndarray) -> np.ndarray:
    """Of a third of the networks the score is no number."""
    return np.where(rows.sum(1) % 3 == 0, np.nan, synthetic_score(rows))


def searched(score: object, path: Path | None = None, executor: object = None) -> Evaluations:
    searcher = Evolution(macro_problem(0.5), 40, seed=0)
    if path is None:
        return run_searcher(searcher, score, executor=executor)
    with Journal(path) as journal:
        return run_searcher(searcher, score, journal, executor=executor)


def judged(path: Path) -> list[list[int]]:
    """In the order of the journal, by which of equal networks the first is on a front."""
    with Journal(path) as journal:
        architectures: list[list[int]] = journal.evaluations()[0].tolist()
    return architectures


def test_what_fails_does_not_stop_a_search_and_is_on_no_front(tmp_path: Path) -> None:
    found = searched(failing, tmp_path / "run.sqlite")
    assert 0 < len(found.scores) < 40
    assert np.array_equal(found.scores, synthetic_score(found.architectures))
    with Journal(tmp_path / "run.sqlite") as journal:
        assert len(journal.evaluations()[1]) == len(found.scores)
        failed = journal.outcomes.unfinished.values()
        assert len(failed) == 40 - len(found.scores)
        assert {one.failure for one in failed} == {
            "the score is nan, no number that can be compared"
        }


def test_what_has_failed_is_told_as_the_worst_score_so_far() -> None:
    searcher = RandomSearch(macro_problem(0.5), 40, seed=0)
    run_searcher(searcher, failing)
    rows, told = searcher.evaluated
    failed = np.isnan(failing(rows))
    assert failed.any()
    assert set(told[failed]) == {told[~failed].min()}


def test_a_search_whose_first_evaluations_all_fail_ends() -> None:
    evaluated = []

    def never(rows: np.ndarray) -> np.ndarray:
        evaluated.append(rows)
        return np.full(len(rows), np.inf)

    with pytest.raises(RunError, match=r"every evaluation so far failed: the score is inf"):
        searched(never)
    assert len(evaluated) == 3


def test_a_question_that_fails_whole_ends_a_search_before_any_score() -> None:
    with pytest.raises(RunError, match="every evaluation so far failed"):
        run_searcher(RandomSearch(macro_problem(0.5), 2, seed=0), lambda rows: rows[:, 0] * np.nan)


def test_failures_after_scores_that_a_search_is_resumed_with_do_not_end_it(tmp_path: Path) -> None:
    evaluated = []

    def soon_failing(rows: np.ndarray) -> np.ndarray:
        evaluated.append(rows)
        if len(evaluated) == 3:
            raise KeyboardInterrupt
        return synthetic_score(rows) * (1 if len(evaluated) < 3 else np.nan)

    def search() -> Evaluations:
        with Journal(tmp_path / "run.sqlite") as journal:
            return run_searcher(RandomSearch(macro_problem(0.5), 9, seed=0), soon_failing, journal)

    with pytest.raises(KeyboardInterrupt):
        search()
    assert len(search().scores) == 2


@pytest.mark.parametrize("score", [failing, Trained()])
def test_the_order_in_which_evaluations_end_does_not_matter(score: object, tmp_path: Path) -> None:
    whole = searched(score, tmp_path / "forwards.sqlite")
    found = searched(score, tmp_path / "backwards.sqlite", Backwards())
    assert np.array_equal(found.architectures, whole.architectures)
    assert np.array_equal(found.scores, whole.scores)
    assert judged(tmp_path / "backwards.sqlite") == judged(tmp_path / "forwards.sqlite")


def test_a_stopped_candidate_is_told_but_not_on_the_front(tmp_path: Path) -> None:
    found = searched(Trained(), tmp_path / "run.sqlite")
    with Journal(tmp_path / "run.sqlite") as journal:
        stopped = journal.outcomes.unfinished
        curves = journal.outcomes.curves()
        assert {one.deviation for one in stopped.values()} == {1.0}
        assert len(stopped) + len(journal.evaluations()[1]) == 40 == len(curves)
    kept = {str(row) for row in found.architectures.tolist()}
    assert kept.isdisjoint(stopped)
    assert {len(curves[text]) for text in stopped} == {1}
    assert {len(curves[text]) for text in kept} == {2}


def test_a_rule_knows_the_candidates_of_earlier_stages_alone() -> None:
    score = Trained()
    searched(score)
    # The first question of evolution is its population of 10, in stages of 4; then it asks for one.
    assert [len(known) for known in score.rules[:2]] == [0, 4]
    assert len(score.rules) == 3 + 30


def test_without_a_rule_all_candidates_of_a_question_are_evaluated_side_by_side() -> None:
    class Unstopped(Trained):
        every = None

        def stopping(self, *known: object) -> None:
            """Nothing is stopped."""

    class Counting(Backwards):
        def run(
            self, evaluate: Evaluate, candidates: Sequence[Candidate]
        ) -> Iterator[tuple[int, Outcome]]:
            sizes.append(len(candidates))
            return super().run(evaluate, candidates)

    sizes: list[int] = []
    run_searcher(RandomSearch(macro_problem(0.5), 9, seed=0), Unstopped(), executor=Counting())
    assert sizes == [9]


def test_a_search_that_stops_candidates_and_is_interrupted_ends_as_if_not(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole.sqlite", tmp_path / "killed.sqlite"
    expected = searched(Trained(), whole)
    for left in (2, 7, 9, 1, 3, 5):
        with pytest.raises(KeyboardInterrupt):
            searched(Trained(left), killed, Backwards())
    found = searched(Trained(), killed)
    assert np.array_equal(found.architectures, expected.architectures)
    assert np.array_equal(found.scores, expected.scores)
    assert judged(killed) == judged(whole)


def test_another_search_of_a_journal_knows_what_was_stopped(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    with Journal(path) as journal:
        run_searcher(RandomSearch(macro_problem(0.5), 30, seed=0), Trained(), journal)

    def never(rows: np.ndarray) -> np.ndarray:
        pytest.fail(f"{rows} was evaluated again")

    with Journal(path) as journal:
        searcher = RandomSearch(macro_problem(0.5), 30, seed=0)
        run_searcher(searcher, never, journal, settings="again")
    assert len(searcher.scores) == 30


@pytest.mark.parametrize("text", ["[9, 9, 9, 9, 9, 9, 9, 9]", "[0]", "[99999999999999999999]"])
def test_a_curve_of_no_network_of_the_space_is_told_as_damage(text: str, tmp_path: Path) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        journal.outcomes.write_curve(text, (1.0, 2.0))
        with pytest.raises(RunError, match="a learning curve that was kept is damaged"):
            run_searcher(RandomSearch(macro_problem(0.5), 5, seed=0), Trained(), journal)


def test_what_an_evaluation_that_failed_has_left_is_discarded() -> None:
    class Failing(Trained):
        def __call__(self, candidate: Candidate) -> Outcome:
            if candidate.architecture.sum() % 3 == 0:
                return Outcome(None, failure="the process of a worker died")
            return super().__call__(candidate)

    score = Failing()
    searcher = RandomSearch(macro_problem(0.5), 20, seed=0)
    run_searcher(searcher, score)
    failed = [row for row in searcher.evaluated[0].tolist() if sum(row) % 3 == 0]
    assert failed
    assert score.discarded == failed
