"""Exact dynamic programming on the trellis: the whole non-dominated front of an additive score.

Most score within the budgets is a multiple-choice knapsack. A label is a path to one choice of one
slot: its costs and its score. Of the labels with the same continuations only the
non-dominated are kept, so that nothing that could be on the front is ever lost (DNA, arXiv
1911.13053, and BN-NAS, arXiv 2108.07375, search additive scores; this does so exactly).
"""

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import BudgetError
from hwnas.objectives.objective import pareto_order
from hwnas.search.exact.dual import Dual
from hwnas.search.exact.label_costs import LabelCosts
from hwnas.search.exact.labels import Extension
from hwnas.search.exact.sweep import SweepResult, sweep
from hwnas.search.front import Front
from hwnas.search.problem import SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures

# Paths a slot with which a front within several budgets is found in a tenth of a second, and nearly
# exactly: enough where a surrogate is searched.
FEW_LABELS = 2000


def exact_front(score: Trellis, problem: SearchProblem, most_labels: int | None = None) -> Front:
    """The whole front of an additive score against `problem.cost` within every budget, exactly.

    Milliseconds for one cost; budgets on further costs add a dimension each and take longer.

    Args:
        score: to be maximised, additive.
        problem: the cost, and the budgets.
        most_labels: for several costs, as many paths are kept a slot: quicker, no longer exact.

    Raises:
        BudgetError: no network keeps the budgets, alone or together; or one has to be tested.
    """
    problem.check_sums("an exact search")
    problem.check_reachable()
    costs = LabelCosts.of(problem, (problem.cost,))
    found = _feasible(sweep(score, costs, most_labels), problem)
    if not len(found.scores) and not found.whole:
        found = _feasible(sweep(score, costs), problem)
    if not len(found.scores):
        raise BudgetError(out_of_reach(problem))
    order = pareto_order(found.costs[0], found.scores)
    return Front(found.architectures[order], found.scores[order], found.costs[0][order])


def exact_best(score: Trellis, problem: SearchProblem) -> Architectures:
    """(L,) the architecture of the greatest score within every budget; of equals, a cheapest.

    With several budgets, Lagrangian bounds leave out the paths that cannot lead to it.

    Raises:
        BudgetError: no network keeps the budgets, alone or together; or one has to be tested.
    """
    problem.check_sums("an exact search")
    problem.check_reachable()
    costs = LabelCosts.of(problem, (problem.cost,))
    prune = _Promising(score, costs) if len(costs.limits) > 1 else None
    if prune is not None:
        # What a quick sweep of few paths finds leaves little to look at for the exact one.
        prune.met(_feasible(sweep(score, costs, FEW_LABELS, prune), problem).scores)
    found = _feasible(sweep(score, costs, prune=prune), problem)
    if not len(found.scores):
        raise BudgetError(out_of_reach(problem))
    best: Architectures = found.architectures[np.lexsort((found.costs[0], -found.scores))[0]]
    return best


def cheapest(score: Trellis, problem: SearchProblem, at_least: float) -> Architectures:
    """(L,) the architecture of the least cost that scores `at_least` within every budget.

    Raises:
        BudgetError: no network does; names the greatest score within the budgets.
    """
    front = exact_front(score, problem)
    enough = np.flatnonzero(front.scores >= at_least)
    if not len(enough):
        wanted = f"{at_least:.6g} {score.unit}".strip()
        raise BudgetError(
            f"no network of {problem.space.name} within the budgets has a {score.name} of "
            f"{wanted}: the most is {front.scores[-1]:.6g}"
        )
    found: Architectures = front.architectures[enough[0]]
    return found


def check_reachable_together(problem: SearchProblem) -> None:
    """Refuses budgets that no network keeps, alone or together.

    Of limits that have to be tested nothing is known.

    Raises:
        BudgetError: names the budgets and the ranges that the space spans.
    """
    problem = problem.relaxed
    problem.check_reachable()
    if len(problem.limits) > 1:
        nothing = [np.zeros(count) for count in problem.space.choice_counts]
        score = Trellis.from_values(problem.space, "nothing", "", 0.0, nothing)
        dual = Dual.of(score, problem.limits)
        # Mostly a network is met on the way to the prices, which takes a fraction of the search.
        if problem.feasible(dual.bounds(np.array([dual.limits])).architectures).any():
            return
        exact_best(score, SearchProblem(problem.space, problem.limits[0].trellis, problem.limits))


class _Promising:
    """Leaves out labels that lead to nothing better than a network that is known already."""

    def __init__(self, score: Trellis, costs: LabelCosts) -> None:
        bounded = [limit for limit in costs.limits if np.isfinite(limit.bound)]
        self._dual = Dual.of(score, bounded)
        self._priced = [np.isfinite(b.bound) and b.trellis.combine is np.add for b in costs.limits]
        self._budgets = np.array(self._dual.limits)
        found = self._dual.bounds(self._budgets[None])
        self._prices = found.prices
        self._enough = float(found.scores[0])
        self._rest = self._dual.completions(self._prices)
        self._slack = float(self._dual.rounding(self._prices)[0])

    def met(self, scores: NDArray[np.float64]) -> None:
        """Learns of (N,) scores of networks within the budgets."""
        self._enough = float(np.max(scores, initial=self._enough))

    def __call__(self, slot: int, labels: Extension) -> NDArray[np.bool_]:
        left = self._budgets[:, None] - labels.costs[self._priced]
        rest = self._rest[slot][0]
        bound = labels.scores + rest[labels.sheet if len(rest) > 1 else 0, labels.choice]
        for price, each in zip(self._prices[0], left, strict=True):
            bound = bound + price * each
        kept: NDArray[np.bool_] = bound >= self._enough - self._slack
        return kept


def _feasible(found: SweepResult, problem: SearchProblem) -> SweepResult:
    """What is within the budgets: paths that miss one by a rounding were let through."""
    if not problem.limits:
        return found
    return found.take(np.flatnonzero(problem.feasible(found.architectures)))


def out_of_reach(problem: SearchProblem) -> str:
    """The sentence for budgets that no network keeps together."""
    wanted = ", ".join(
        f"{b.trellis.name} {b.bound:.6g} {b.trellis.unit} "
        f"of {b.trellis.range[0]:.6g} to {b.trellis.range[1]:.6g}"
        for b in problem.limits
    )
    return f"no network of {problem.space.name} keeps all budgets together ({wanted}); raise one"
