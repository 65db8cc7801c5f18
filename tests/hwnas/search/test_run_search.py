import itertools
import math
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hwnas.core.errors import AccuracyError, HwnasError, RunError
from hwnas.networks.blocks import Network
from hwnas.objectives.costs import PARAMETERS
from hwnas.search.exact.known_scores import ListedScore
from hwnas.search.journal import Journal
from hwnas.search.run_search import run_search, run_searcher
from hwnas.search.searchers import Searcher
from hwnas.search.searchers.layernas import LayerNAS
from hwnas.search.searchers.random_search import RandomSearch
from hwnas.spaces import Architectures
from tests.forks import Say, forked
from tests.hwnas.search.problems import (
    every_architecture,
    large_problem,
    macro,
    macro_problem,
    synthetic_score,
    widths_problem,
)
from tests.hwnas.search.scores import SCORES, Depth, Estimated


def search(say: Say, path: Path, most: int = 1000) -> None:
    """A search that says each evaluation that it begins; after so many it waits to be killed."""
    begun = itertools.count(1)

    def slow(rows: Architectures) -> NDArray[np.float64]:
        say(rows[0].tolist())
        time.sleep(0.01 if next(begun) < most else 3600)
        return synthetic_score(rows)

    with Journal(path) as journal:
        run_searcher(LayerNAS(macro_problem(0.5), 100, seed=0), slow, journal)


def run_to_the_end(path: Path) -> list[list[int]]:
    with forked(search, path) as process:
        begun = process.rest()
        assert process.code() == 0
    return begun


def found(path: Path) -> tuple[list[list[int]], list[float], list[list[int]]]:
    with Journal(path) as journal:
        architectures, scores = journal.evaluations()
    front = macro_problem(0.5).front(architectures, scores)
    return architectures.tolist(), scores.tolist(), front.architectures.tolist()


def test_a_search_killed_five_times_ends_like_an_uninterrupted_one(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole.sqlite", tmp_path / "killed.sqlite"
    uninterrupted = run_to_the_end(whole)
    begun = []
    for moment in range(5):
        with forked(search, killed, 15) as process:
            begun += [process.next() for _ in range(1 + moment % 4 * 3)]
            time.sleep(0.004 * moment)  # at another point of an evaluation each time
            process.end(signal.SIGKILL)
            begun += process.rest()
            assert process.code() == -signal.SIGKILL
    begun += run_to_the_end(killed)
    assert found(killed) == found(whole)
    # A kill costs at most the evaluation that it interrupts.
    assert len(begun) <= len(uninterrupted) + 5


def test_every_score_is_recorded_before_the_next_is_computed(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        recorded = []

        def score(rows: np.ndarray) -> np.ndarray:
            recorded.append(len(journal.evaluations()[1]))
            return synthetic_score(rows)

        run_searcher(RandomSearch(macro_problem(), 20, seed=0), score, journal)
    assert recorded == list(range(20))


def test_progress_is_told_after_every_evaluation(tmp_path: Path) -> None:
    told = []
    with Journal(tmp_path / "run.sqlite") as journal:
        run_searcher(
            RandomSearch(macro_problem(), 5, seed=0),
            synthetic_score,
            journal,
            lambda done, limit: told.append((done, limit)),
        )
    assert told == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_a_second_searcher_shares_the_evaluations_of_the_first(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        run_searcher(RandomSearch(macro_problem(0.005), 500, seed=0), synthetic_score, journal)

        class Again(RandomSearch):
            name = "again"

        def never(rows: np.ndarray) -> np.ndarray:
            pytest.fail(f"{rows} was evaluated again")

        run_searcher(Again(macro_problem(0.005), 500, seed=1), never, journal)
        asked = journal.asked_by()
        assert list(asked) == ["again", "random"]
        assert np.all(list(asked.values()))


def test_another_seed_in_the_same_journal_is_refused_before_it_evaluates(tmp_path: Path) -> None:
    def never(rows: np.ndarray) -> np.ndarray:
        pytest.fail(f"{rows} was evaluated")

    with Journal(tmp_path / "run.sqlite") as journal:
        run_searcher(RandomSearch(macro_problem(), 20, seed=0), synthetic_score, journal)
        with pytest.raises(RunError, match="another search of 'random'"):
            run_searcher(RandomSearch(macro_problem(), 20, seed=1), never, journal)


def test_a_score_that_is_no_number_is_refused_and_not_recorded(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.sqlite") as journal:
        with pytest.raises(RunError, match="is nan, no number that can be compared"):
            run_searcher(
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
            run_searcher(searcher, objective, journal, together=True)

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
        run_searcher(RandomSearch(macro_problem(0.5), 50, seed=0), synthetic_score, journal)
        computed: list[int] = []

        def score(rows: np.ndarray) -> np.ndarray:
            computed.append(len(rows))
            return synthetic_score(rows)

        searcher = RandomSearch(macro_problem(0.5), 100, seed=0)
        run_searcher(searcher, score, journal, settings="longer", together=True)
    assert computed == [50]
    assert len(searcher.scores) == 100


def test_a_score_that_is_no_number_is_refused_and_nothing_of_its_question_kept(
    tmp_path: Path,
) -> None:
    def score(rows: np.ndarray) -> np.ndarray:
        return np.where(np.arange(len(rows)) == 7, np.nan, 1.0)

    with Journal(tmp_path / "run.sqlite") as journal:
        searcher = RandomSearch(macro_problem(0.5), 60, seed=0)
        with pytest.raises(RunError, match="is nan, no number that can be compared"):
            run_searcher(searcher, score, journal, together=True)
        assert len(journal.evaluations()[1]) == 0


def test_a_search_needs_no_journal() -> None:
    found = run_search(macro_problem(0.5), synthetic_score, of="architectures", evaluations=60)
    assert found.architectures.shape == (60, 8)
    assert np.array_equal(found.scores, synthetic_score(found.architectures))
    assert found.best is not None
    assert synthetic_score(found.best[None])[0] == found.scores.max() == found.front.scores[-1]


def test_a_search_with_a_journal_is_resumed_and_is_the_same(tmp_path: Path) -> None:
    evaluated = 0

    def score(rows: np.ndarray) -> np.ndarray:
        nonlocal evaluated
        evaluated += 1
        if evaluated == 20:
            raise KeyboardInterrupt
        return synthetic_score(rows)

    asked = {"of": "architectures", "evaluations": 30, "searcher": "evolution"}
    path = tmp_path / "run.sqlite"
    with pytest.raises(KeyboardInterrupt):
        run_search(macro_problem(0.5), score, journal=path, **asked)
    resumed = run_search(macro_problem(0.5), score, journal=path, **asked)
    assert evaluated == 31
    whole = run_search(macro_problem(0.5), synthetic_score, **asked)
    assert np.array_equal(resumed.architectures, whole.architectures)


def test_searches_of_other_settings_share_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    for seed in (0, 1):
        run_search(
            macro_problem(0.5),
            synthetic_score,
            of="architectures",
            searcher="random",
            evaluations=5,
            seed=seed,
            journal=path,
        )
    with Journal(path) as journal:
        assert len(journal.evaluations()[1]) == 10


def test_a_journal_of_another_space_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    run_search(macro_problem(), lambda _: [0.0], evaluations=2, journal=path)
    with pytest.raises(RunError, match="was made with another space"):
        run_search(large_problem(0.5), lambda _: [0.0], evaluations=2, journal=path)


def test_a_score_may_be_a_function_of_networks() -> None:
    def depth(networks: list[Network]) -> list[int]:
        return [len(network) for network in networks]

    found = run_search(macro_problem(0.5), depth, searcher="random", evaluations=10, together=True)
    assert found.scores.tolist() == depth(macro().networks(found.architectures))


def test_a_score_may_be_an_objective() -> None:
    found = run_search(macro_problem(0.5), Depth(), searcher="random", evaluations=10)
    assert found.scores.tolist() == Depth().evaluate(macro().networks(found.architectures)).tolist()


def test_the_front_of_a_sum_over_blocks_is_found_exactly() -> None:
    score = replace(PARAMETERS, direction="maximize")
    found = run_search(macro_problem(0.5), score, searcher="exact_front", evaluations=5000)
    every = every_architecture(macro())
    expected = macro_problem(0.5).front(every, PARAMETERS.evaluate(macro().networks(every)))
    assert np.array_equal(found.front.scores, expected.scores)
    assert found.how == "exact: the score is a sum over slots"


@pytest.mark.parametrize(
    ("score", "sentence"),
    [
        (lambda _: "good", "returned str, not one number for each network"),
        (lambda _: [1.0, 2.0], r"returned 2 numbers in the shape \(2,\) for 1 network;"),
        (lambda _: 1.0, r"returned 1 number in the shape \(\) for 1 network;"),
        (7, "not of the type int"),
        (PARAMETERS, "the score params is to be minimized"),
    ],
)
def test_what_is_no_score_is_refused(score: object, sentence: str) -> None:
    with pytest.raises(AccuracyError, match=sentence):
        run_search(macro_problem(0.5), score, evaluations=5)


def test_a_space_without_networks_has_scores_of_architectures() -> None:
    with pytest.raises(AccuracyError, match=r"widths has no networks .* of='architectures'"):
        run_search(widths_problem(0.5), lambda _: [0.0], evaluations=5)


@pytest.mark.parametrize("together", [False, True])
def test_a_score_that_is_not_finite_is_refused_with_what_to_do(together: bool) -> None:
    with pytest.raises(RunError, match=r"is nan, no number .*; correct the function that gives it"):
        run_search(
            macro_problem(0.5),
            lambda networks: [math.nan] * len(networks),
            evaluations=3,
            together=together,
        )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"searcher": int}, "is neither a name nor a subclass of hwnas.search.searchers.Searcher"),
        ({"searcher": 7}, "the searcher 7 is neither a name nor a subclass"),
        ({"searcher": Searcher}, "the searcher class Searcher does not define name and ask"),
        ({"seed": -1}, "seed is -1; give a whole number of 0 or more"),
        ({"journal": "/"}, "the journal / is a folder; name a file in it"),
        ({"settings": 5}, "settings is 5; give the searcher's settings by name"),
        ({"seed": 0.5}, "seed is 0.5; give a whole number of 0 or more"),
        ({"evaluations": 0}, "evaluations is 0; give a whole number of 1 or more"),
        ({"of": "architecture"}, "of is 'architecture'; write of='networks' or of='arch"),
    ],
)
def test_wrong_arguments_are_one_sentence(arguments: dict[str, object], sentence: str) -> None:
    with pytest.raises(HwnasError, match=sentence):
        run_search(macro_problem(0.5), SCORES["a function"], **arguments)


def test_scores_that_know_their_exact_form_are_searched_by_it() -> None:
    every = every_architecture(macro())

    class Exact(Estimated):
        exact = ListedScore(every, synthetic_score(every))

    found = run_search(macro_problem(0.5), Exact("one"), searcher="exact_front", evaluations=500)
    assert found.how == "exact: the scores of all 3,969 networks are known"
