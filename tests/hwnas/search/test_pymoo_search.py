import warnings

import numpy as np
import pytest

from hwnas.search.front import hypervolume
from hwnas.search.problem import SearchProblem
from hwnas.search.searchers import SEARCHERS, make_searcher, searcher_class
from hwnas.search.searchers.pymoo_search import PymooSearch
from hwnas.search.searchers.searcher import Searcher
from tests.hwnas.search.problems import (
    every_architecture,
    macro,
    macro_accuracy,
    macro_problem,
    synthetic_score,
    widths_problem,
)

NAMES = ("nsga2", "nsga3", "unsga3", "smsemoa", "rvea", "ctaea", "spea2")
every_algorithm = pytest.mark.parametrize("name", NAMES)


def volume(problem: SearchProblem, searcher: Searcher) -> float:
    """The share of the true front's hypervolume that a search of NAS-Bench-Macro finds."""
    every = every_architecture(macro())
    costs, scores = problem.costs(every), macro_accuracy(every)
    box = {"ideal": (costs.min(), scores.max()), "reference": (costs.max(), scores.min())}
    while len(rows := searcher.ask()):
        searcher.tell(rows, macro_accuracy(rows))
    told = np.array(list(searcher.scores.values()))
    front = problem.front(np.array(list(searcher.scores)), told)
    return hypervolume(front, **box) / hypervolume(problem.front(every, scores), **box)


def test_they_are_the_searchers_on_pymoo() -> None:
    assert [
        name for name in SEARCHERS.ours if issubclass(searcher_class(name), PymooSearch)
    ] == list(NAMES)


@every_algorithm
def test_infeasible_offspring_are_never_asked_for(name: str) -> None:
    problem = macro_problem(0.1)
    searcher = make_searcher(name, problem, 150, seed=0)
    while len(rows := searcher.ask()):
        assert problem.feasible(rows).all()
        searcher.tell(rows, synthetic_score(rows))


@pytest.mark.parametrize(("limit", "least"), [(200, 0.97), (400, 0.985)])
def test_nsga2_finds_most_of_nas_bench_macros_front(limit: int, least: float) -> None:
    problem = macro_problem()
    found = [volume(problem, make_searcher("nsga2", problem, limit, seed)) for seed in range(5)]
    assert np.median(found) >= least


@pytest.mark.parametrize("name", ["nsga2", "smsemoa"])
def test_it_finds_more_of_the_front_when_it_starts_at_that_of_a_surrogate(name: str) -> None:
    problem, found = macro_problem(), {}
    for start in ("random", "surrogate"):
        found[start] = [
            volume(problem, make_searcher(name, problem, 100, seed, {"start": start}))
            for seed in range(10)
        ]
    assert np.mean(found["surrogate"]) > np.mean(found["random"])


def test_a_start_at_a_surrogates_front_asks_for_its_optimum() -> None:
    # Additive scores are learnt at once, up to the ridge.
    searcher = make_searcher(
        "nsga2", macro_problem(), 400, 0, {"population": 60, "start": "surrogate"}
    )
    first = searcher.ask()
    searcher.tell(first, first.sum(axis=1).astype(np.float64))
    second = searcher.ask()
    assert (len(first), len(second)) == (30, 30)
    assert [2] * 8 in second.tolist()


def test_a_short_limit_makes_a_small_population() -> None:
    assert len(make_searcher("nsga2", macro_problem(), 40, seed=0).ask()) == 10
    assert len(make_searcher("nsga2", macro_problem(), 400, seed=0).ask()) == 20


@every_algorithm
def test_equal_scores_raise_no_warning_and_do_not_end_the_search(name: str) -> None:
    searcher = make_searcher(name, widths_problem(0.4), 100, seed=0)
    while len(rows := searcher.ask()):
        searcher.tell(rows, np.zeros(len(rows)))
    assert len(searcher.scores) == 100


@every_algorithm
def test_the_unit_of_the_score_changes_nothing(name: str) -> None:
    # A power of two, so that both searches compute with the same digits.
    asked = []
    for factor in (1.0, 2.0**10):
        searcher = make_searcher(name, macro_problem(0.5), 80, seed=0)
        while len(rows := searcher.ask()):
            searcher.tell(rows, factor * synthetic_score(rows))
        asked.append(list(searcher.scores))
    assert asked[0] == asked[1]


@every_algorithm
def test_warnings_of_the_process_stay_as_they_were(name: str) -> None:
    searcher = make_searcher(name, macro_problem(0.5), 60, seed=0)
    before = list(warnings.filters)
    while len(rows := searcher.ask()):
        searcher.tell(rows, synthetic_score(rows))
    assert warnings.filters == before


@every_algorithm
def test_a_converged_population_is_joined_by_random_networks(name: str) -> None:
    problem = macro_problem(0.01)
    searcher = make_searcher(name, problem, 10_000, seed=0)
    assert isinstance(searcher, PymooSearch)
    while len(rows := searcher.ask()):
        searcher.tell(rows, synthetic_score(rows))
    assert len(searcher.scores) == problem.feasible(every_architecture(macro())).sum()
