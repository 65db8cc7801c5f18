"""What every searcher of the registry must do."""

from dataclasses import replace

import numpy as np
import pytest

from hwnas.core.errors import BudgetError
from hwnas.search.exact.exact_front import exact_best
from hwnas.search.front import front_of
from hwnas.search.problem import Budget, SearchProblem
from hwnas.search.searchers import FREE_SEARCHERS, SEARCHERS, searcher_class
from hwnas.search.searchers.searcher import Searcher
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures, load_space
from tests.hwnas.search.problems import (
    SyntheticScore,
    every_architecture,
    family_problem,
    large_problem,
    macro,
    macro_problem,
    synthetic_score,
    tiny_problem,
    widths_problem,
)

every_searcher = pytest.mark.parametrize("name", SEARCHERS | FREE_SEARCHERS)
every_random_searcher = pytest.mark.parametrize("name", SEARCHERS)

SWEEPS = ("layernas",)
"""Those that ask for models beyond the budget on their way."""

ENDING = ("layernas", "exact_front")
"""Those that have an end of their own, before the limit or the end of the space."""


def make_searcher(name: str, problem: SearchProblem, evaluations: int, seed: int) -> Searcher:
    """A searcher, with the synthetic score where it needs to know one beforehand."""
    if name in FREE_SEARCHERS:
        problem = replace(problem, score=SyntheticScore(problem.space))
    return searcher_class(name)(problem, evaluations, seed)


def batches(searcher: Searcher) -> list[Architectures]:
    """All that a searcher asks for, told the synthetic score; fails if it never ends."""
    asked = []
    for _ in range(2000):
        rows = searcher.ask()
        if not len(rows):
            return asked
        asked.append(rows)
        searcher.tell(rows, synthetic_score(rows))
    pytest.fail("the search does not end")


def everything_asked(searcher: Searcher) -> list[tuple[int, ...]]:
    return [tuple(row) for rows in batches(searcher) for row in rows.tolist()]


@every_searcher
@pytest.mark.parametrize("quantile", [0.001, 0.1, 0.5, 1.0])
def test_networks_within_the_budget_are_found(name: str, quantile: float) -> None:
    problem = macro_problem(quantile)
    feasible = problem.feasible(np.array(everything_asked(make_searcher(name, problem, 120, 0))))
    assert feasible.any() if name in SWEEPS else feasible.all()


@every_searcher
def test_an_unreachable_budget_is_refused_with_the_reachable_range(name: str) -> None:
    with pytest.raises(BudgetError, match=r"0\.5 ms is out of reach: .* take 1 to 3 ms"):
        make_searcher(name, tiny_problem(3, bound=0.5), 10, seed=0)


@every_searcher
def test_budgets_out_of_reach_together_are_refused(name: str) -> None:
    problem = tiny_problem(2)
    other = Trellis.from_values(problem.space, "size", "bytes", 0.0, [[9.0, 1.0]])
    budgets = (Budget(problem.cost, 1.0), Budget(other, 5.0))
    with pytest.raises(BudgetError, match="keeps all budgets together"):
        make_searcher(name, SearchProblem(problem.space, problem.cost, budgets), 10, seed=0)


@every_searcher
def test_the_same_seed_asks_for_the_same(name: str) -> None:
    one, other = (
        everything_asked(make_searcher(name, macro_problem(0.5), 60, seed=3)) for _ in range(2)
    )
    assert one == other


@every_random_searcher
def test_another_seed_asks_for_something_else(name: str) -> None:
    # A limit short enough that the sweep of LayerNAS has to choose, too.
    one, other = (
        everything_asked(make_searcher(name, macro_problem(0.5), 60, seed=seed))
        for seed in range(2)
    )
    assert one != other


@every_searcher
@pytest.mark.parametrize("limit", [1, 2, 5, 17, 100])
def test_no_architecture_is_asked_twice_and_the_limit_is_kept(name: str, limit: int) -> None:
    asked = everything_asked(make_searcher(name, macro_problem(0.5), limit, seed=0))
    assert len(set(asked)) == len(asked) <= limit


@every_searcher
@pytest.mark.parametrize("share", [0.03, 0.4])
def test_a_large_space_uses_the_limit(name: str, share: float) -> None:
    asked = everything_asked(make_searcher(name, large_problem(share), 150, seed=0))
    assert 0 < len(asked) <= 150 if name in ENDING else len(asked) == 150


@every_searcher
@pytest.mark.parametrize("share", [0.1, 0.6])
def test_forbidden_transitions_are_never_asked_for(name: str, share: float) -> None:
    problem = widths_problem(share)
    asked = np.array(everything_asked(make_searcher(name, problem, 120, seed=0)))
    for slot in range(1, problem.length):
        assert problem.space.allowed(slot)[asked[:, slot - 1], asked[:, slot]].all()
    feasible = problem.feasible(asked)
    assert feasible.any() if name in SWEEPS else feasible.all()
    assert len(asked) == 120 or name in ENDING


@every_searcher
def test_a_family_is_searched_at_all_its_resolutions(name: str) -> None:
    problem = family_problem(0.5)
    asked = np.array(everything_asked(make_searcher(name, problem, 80, seed=0)))
    feasible = asked[problem.feasible(asked)]
    assert set(feasible[:, 0].tolist()) == {0, 1} or name in FREE_SEARCHERS
    assert len(feasible) == 80 or name in ENDING


@every_searcher
def test_all_that_is_asked_is_canonical(name: str) -> None:
    asked = np.array(everything_asked(make_searcher(name, macro_problem(0.5), 150, seed=0)))
    assert (macro().canonical(asked) == asked).all()


@every_searcher
def test_two_budgets_are_both_kept_by_what_is_found(name: str) -> None:
    cost = macro_problem(0.5)
    generator = np.random.default_rng(0)
    values = [generator.random(count) for count in macro().choice_counts]
    other = Trellis.from_values(macro(), "energy", "mJ", 0.0, values)
    bound = float(np.quantile(other.evaluate(every_architecture(macro())), 0.3))
    problem = SearchProblem(macro(), cost.cost, (*cost.budgets, Budget(other, bound)))
    asked = np.array(everything_asked(make_searcher(name, problem, 100, seed=0)))
    kept = (other.evaluate(asked) <= bound) & (cost.costs(asked) <= cost.budgets[0].bound)
    # A sweep's models on the way may break what its results keep.
    assert kept.any() if name in SWEEPS else kept.all()


@every_searcher
def test_budgets_that_hardly_agree_end_no_search(name: str) -> None:
    # The more of one, the less of the other: each alone leaves many networks, both few.
    space = load_space("mobilenet_v3_small")
    generator = np.random.default_rng(0)
    values = [generator.random(count) for count in space.choice_counts]
    one = Trellis.from_values(space, "one", "u", 0.0, values)
    turned = [1.0 - row + 0.2 * generator.random(len(row)) for row in values]
    other = Trellis.from_values(space, "other", "u", 0.0, turned)
    half = float(np.mean(one.range))
    free = SearchProblem(space, other, (Budget(one, half),))
    least = float(other.evaluate(exact_best(other.negated, free)[None])[0])
    tight = least + 0.02 * (other.range[1] - other.range[0])
    problem = SearchProblem(space, one, (Budget(one, half), Budget(other, tight)))
    asked = np.array(everything_asked(make_searcher(name, problem, 60, seed=0)))
    assert problem.feasible(asked).any()


@every_searcher
def test_it_finds_better_than_the_middling(name: str) -> None:
    problem, every = macro_problem(0.5), every_architecture(macro())
    scores = synthetic_score(every[problem.feasible(every)])
    found = []
    for seed in range(3):
        asked = np.array(everything_asked(make_searcher(name, problem, 150, seed)))
        found.append(front_of(problem, asked, synthetic_score(asked)).scores[-1])
    assert np.median(found) >= np.quantile(scores, 0.95)


@every_searcher
@pytest.mark.parametrize(("choices", "bound", "count"), [(2, 100.0, 2), (3, 2.0, 2), (1, 9.0, 1)])
def test_a_tiny_space_is_exhausted_and_the_search_ends(
    name: str, choices: int, bound: float, count: int
) -> None:
    problem = tiny_problem(choices, bound)
    searcher = make_searcher(name, problem, 50, seed=0)
    asked = []
    while len(rows := searcher.ask()):
        asked += rows.tolist()
        searcher.tell(rows, rows[:, 0].astype(np.float64))
    assert sorted(asked) == [[index] for index in range(count)]


@every_searcher
def test_a_search_that_has_seen_everything_ends(name: str) -> None:
    problem = macro_problem(0.002)
    feasible = every_architecture(macro())
    feasible = feasible[problem.feasible(feasible)]
    asked = np.array(everything_asked(make_searcher(name, problem, 500, seed=0)))
    kept = asked[problem.feasible(asked)]
    assert len(kept) <= len(feasible)
    if name not in ENDING:
        assert sorted(kept.tolist()) == feasible.tolist()
