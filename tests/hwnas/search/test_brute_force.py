"""Exact searches against brute force: widths, skips, forbidden transitions, sheets, neighbours."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwnas.core.errors import BudgetError
from hwnas.search.exact.dual import Dual
from hwnas.search.exact.exact_front import cheapest, exact_best, exact_front
from hwnas.search.exact.k_best import k_best
from hwnas.search.exact.many_costs import front_of_costs
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis
from tests.hwnas.search.problems import every_front_point
from tests.hwnas.search.random_spaces import MaskedSpace, random_problem

SEEDS = st.integers(0, 2**32 - 1)
often = settings(max_examples=100, deadline=None)


def feasible(problem: SearchProblem) -> np.ndarray:
    assert isinstance(problem.space, MaskedSpace)
    rows = problem.space.every()
    return rows[problem.feasible(rows)]


def refused(call: Callable[[], object]) -> None:
    with pytest.raises(BudgetError):
        call()


@pytest.mark.parametrize(("costs", "budgets"), [(1, 0), (1, 1), (2, 2), (3, 3)])
@often
@given(SEEDS)
def test_front(costs: int, budgets: int, seed: int) -> None:
    score, problem, _ = random_problem(np.random.default_rng(seed), costs, budgets)
    rows = feasible(problem)
    if not len(rows):
        return refused(lambda: exact_front(score, problem))
    front = exact_front(score, problem)
    found = list(zip(front.costs.tolist(), front.scores.tolist(), strict=True))
    assert found == every_front_point(problem.costs(rows), score.evaluate(rows))
    assert problem.feasible(front.architectures).all()
    assert (score.evaluate(front.architectures) == front.scores).all()
    return None


@pytest.mark.parametrize(("costs", "budgets"), [(1, 1), (2, 2), (3, 3)])
@often
@given(SEEDS)
def test_best(costs: int, budgets: int, seed: int) -> None:
    score, problem, _ = random_problem(np.random.default_rng(seed), costs, budgets)
    rows = feasible(problem)
    if not len(rows):
        return refused(lambda: exact_best(score, problem))
    best = exact_best(score, problem)
    scores = score.evaluate(rows)
    assert score.evaluate(best[None])[0] == scores.max()
    assert problem.costs(best[None])[0] == problem.costs(rows[scores == scores.max()]).min()
    assert problem.feasible(best[None]).all()
    return None


@often
@given(SEEDS, st.floats(0.0, 1.2))
def test_cheapest_with_a_score(seed: int, share: float) -> None:
    score, problem, _ = random_problem(np.random.default_rng(seed), 1, 1)
    rows = feasible(problem)
    scores = score.evaluate(rows)
    wanted = scores.min() + share * float(np.ptp(scores))
    if not (scores >= wanted).any():
        with pytest.raises(BudgetError, match=r"has a score of .*: the most is "):
            cheapest(score, problem, wanted)
        return
    found = cheapest(score, problem, wanted)
    assert score.evaluate(found[None])[0] >= wanted
    assert problem.costs(found[None])[0] == problem.costs(rows[scores >= wanted]).min()


@pytest.mark.parametrize("budgets", [0, 1, 2])
@often
@given(SEEDS, st.integers(1, 40))
def test_k_best(budgets: int, seed: int, count: int) -> None:
    score, problem, _ = random_problem(np.random.default_rng(seed), 2, budgets)
    rows = feasible(problem)
    if not len(rows):
        return refused(lambda: k_best(score, problem, count))
    found, certain = k_best(score, problem, count)
    expected = -np.sort(-score.evaluate(rows))[:count]
    assert len({tuple(row) for row in found.tolist()}) == len(found)
    assert problem.feasible(found).all()
    assert certain
    assert score.evaluate(found) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    return None


@pytest.mark.parametrize("costs", [2, 3])
@often
@given(SEEDS)
def test_front_of_several_costs(costs: int, seed: int) -> None:
    score, problem, trellises = random_problem(np.random.default_rng(seed), costs, 0)
    rows = feasible(problem)
    points = np.stack([*(t.evaluate(rows) for t in trellises), -score.evaluate(rows)], axis=1)
    front = front_of_costs(score, problem, trellises)
    found = sorted(map(tuple, np.column_stack((*front.costs, -front.scores)).tolist()))
    assert front.whole
    assert found == nondominated(points)


def nondominated(points: np.ndarray) -> list[tuple[float, ...]]:
    distinct = set(map(tuple, points.tolist()))
    return sorted(
        p
        for p in distinct
        if not any(q != p and all(a <= b for a, b in zip(q, p, strict=True)) for q in distinct)
    )


@pytest.mark.parametrize("most", [1, 2, 5, None])
@often
@given(SEEDS)
def test_the_error_that_is_stated_for_budgets_holds(most: int | None, seed: int) -> None:
    generator = np.random.default_rng(seed)
    score, problem, costs = random_problem(generator, 2, 0)
    rows = feasible(problem)
    spent, scores = np.stack([c.evaluate(rows) for c in costs], axis=1), score.evaluate(rows)
    budgets = generator.choice(spent, size=5)
    within = front_of_costs(score, problem, costs, most).within(budgets)
    slack = 1e-9 * (1 + np.abs(scores).max())
    for index, budget in enumerate(budgets):
        best = scores[(spent <= budget).all(axis=1)].max()
        assert within.scores[index] <= best <= within.at_most[index] + slack
        if np.isfinite(within.scores[index]):
            row = within.architectures[index][None]
            assert score.evaluate(row)[0] == within.scores[index]
            assert all(c.evaluate(row)[0] <= b for c, b in zip(costs, budget, strict=True))
        if most is None:
            assert within.scores[index] == best


@often
@given(SEEDS)
def test_lagrangian_bounds_are_never_below_the_optimum(seed: int) -> None:
    generator = np.random.default_rng(seed)
    score, problem, costs = random_problem(generator, 2, 0)
    rows = feasible(problem)
    spent, scores = np.stack([c.evaluate(rows) for c in costs], axis=1), score.evaluate(rows)
    prices = generator.exponential(size=(4, 2))
    values, found = Dual(score, tuple(costs)).solve(prices)
    expected = (scores - prices @ spent.T).max(axis=1)
    assert values == pytest.approx(expected, rel=1e-9, abs=1e-6)
    reached = score.evaluate(found) - (
        prices * [[c.evaluate(r[None])[0] for c in costs] for r in found]
    ).sum(axis=1)
    assert reached == pytest.approx(expected, rel=1e-9, abs=1e-6)


@often
@given(SEEDS)
def test_range_and_completions(seed: int) -> None:
    score, problem, (cost,) = random_problem(np.random.default_rng(seed), 1, 0)
    rows = feasible(problem)
    for trellis in (score, cost, largest(cost)):
        values = trellis.evaluate(rows)
        assert trellis.range == (values.min(), values.max())
        for length in range(1, rows.shape[1] + 1):
            prefixes = np.unique(rows[:, :length], axis=0)
            least = [values[(rows[:, :length] == prefix).all(axis=1)].min() for prefix in prefixes]
            assert trellis.reach(prefixes) == pytest.approx(least, rel=1e-12, abs=1e-9)
            completed = trellis.completed(prefixes)
            assert problem.feasible(completed).all()
            assert trellis.evaluate(completed) == pytest.approx(least, rel=1e-12, abs=1e-9)


@often
@given(SEEDS, st.integers(1, 5))
def test_nothing_but_a_budget_on_the_largest_block(seed: int, count: int) -> None:
    generator = np.random.default_rng(seed)
    score, problem, (cost, other) = random_problem(generator, 2, 0)
    peak = largest(other)
    bound = float(generator.choice(peak.evaluate(problem.space.sample(generator, 5))))
    problem = SearchProblem(problem.space, cost, (Limit(peak, bound),))
    rows = feasible(problem)
    expected = -np.sort(-score.evaluate(rows))[:count]
    assert score.evaluate(exact_best(score, problem)[None])[0] == expected[0]
    found, certain = k_best(score, problem, count)
    assert certain
    assert score.evaluate(found) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@often
@given(SEEDS, st.integers(1, 4))
def test_few_labels_keep_every_budget_of_the_problem(seed: int, most: int) -> None:
    generator = np.random.default_rng(seed)
    score, problem, costs = random_problem(generator, 3, 3)
    rows = feasible(problem)
    if not len(rows):
        return refused(lambda: front_of_costs(score, problem, costs[:2], most))
    assert problem.feasible(exact_front(score, problem, most).architectures).all()
    front = front_of_costs(score, problem, costs[:2], most)
    budgets = np.stack([cost.evaluate(rows) for cost in costs[:2]], axis=1)[:5]
    within = front.within(budgets)
    found = within.scores > -np.inf
    assert problem.feasible(within.architectures[found]).all()
    assert (within.architectures[~found] == -1).all()
    slack = 1e-9 * score.magnitude
    for index, budget in enumerate(budgets):
        kept = np.stack([cost.evaluate(rows) for cost in costs[:2]], axis=1) <= budget
        best = score.evaluate(rows)[kept.all(axis=1)].max()
        assert within.scores[index] <= best <= within.at_most[index] + slack
    return None


@often
@given(SEEDS)
def test_a_budget_on_the_largest_block(seed: int) -> None:
    score, problem, (cost, other) = random_problem(np.random.default_rng(seed), 2, 1)
    peak = largest(other)
    generator = np.random.default_rng(seed + 1)
    bound = float(generator.choice(peak.evaluate(problem.space.sample(generator, 5))))
    budgets = (*problem.limits, Limit(peak, bound))
    problem = SearchProblem(problem.space, cost, budgets)
    rows = feasible(problem)
    if not len(rows):
        return refused(lambda: exact_best(score, problem))
    assert score.evaluate(exact_best(score, problem)[None])[0] == score.evaluate(rows).max()
    front = exact_front(score, problem)
    found = list(zip(front.costs.tolist(), front.scores.tolist(), strict=True))
    assert found == every_front_point(problem.costs(rows), score.evaluate(rows))
    return None


def largest(trellis: Trellis) -> Trellis:
    """The same steps, of which the largest counts instead of their sum."""
    return Trellis(
        trellis.name, trellis.unit, trellis.constant, trellis.steps, trellis.allowed, np.maximum
    )
