"""Exact dynamic programming on the trellis: the whole non-dominated front of an additive score.

Most score within the budgets is a multiple-choice knapsack. A label is a path to one choice of one
slot: its costs and its score. Of the labels that may be continued in the same ways only the
non-dominated are kept, so that nothing that could be on the front is ever lost (DNA, arXiv
1911.13053, and BN-NAS, arXiv 2108.07375, search additive scores; this does so exactly).

Costs and scores are added up in the order of `Trellis.evaluate`. Rounded addition is monotone, so
a dominated label stays dominated bit for bit, and the result equals brute force, not nearly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.errors import BudgetError
from hwnas.search.front import Front
from hwnas.search.labels import Indices, Labels, continuations, rebuilt
from hwnas.search.problem import Budget, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures
from objectives.objective import pareto_order


@dataclass(frozen=True)
class Costs:
    """The distinct costs of a problem, the objective first, with their bounds."""

    budgets: tuple[Budget, ...]

    @classmethod
    def of(cls, problem: SearchProblem) -> "Costs":
        """The cost and every budget that some network breaks, equal ones once."""
        merged = [Budget(problem.cost, np.inf)]
        for budget in problem.budgets:
            for index, other in enumerate(merged):
                if _same(budget.trellis, other.trellis):
                    merged[index] = Budget(other.trellis, min(budget.bound, other.bound))
                    break
            else:
                merged.append(budget)
        # A budget that every network keeps would only multiply labels.
        binding = [b for b in merged[1:] if b.bound < b.trellis.range[1]]
        return cls((merged[0], *binding))

    @property
    def trellises(self) -> tuple[Trellis, ...]:
        """The costs without their bounds."""
        return tuple(budget.trellis for budget in self.budgets)

    def completable(self, slot: int, labels: Labels) -> NDArray[np.bool_]:
        """(N,) whether each label has a completion within each budget alone."""
        kept = np.ones(len(labels.scores), dtype=np.bool_)
        for index, budget in enumerate(self.budgets):
            if np.isfinite(budget.bound):
                rest = budget.trellis.rest(slot, labels.sheets, labels.choices)
                reached = budget.trellis.combine(labels.costs[index], rest)
                kept &= reached <= budget.bound + budget.rounding
        return kept

    def compared(self, slot: int, labels: Labels) -> NDArray[np.float64]:
        """(M, N) costs to compare labels by: all that no longer can break a budget is equal."""
        if len(self.budgets) == 1:
            return labels.costs
        costs = labels.costs.copy()
        for index, budget in enumerate(self.budgets[1:], start=1):
            if budget.trellis.combine is np.maximum:
                # What a path has used of it takes nothing from what follows.
                costs[index] = 0.0
                continue
            rest = -budget.trellis.negated.rest(slot, labels.sheets, labels.choices)
            harmless = budget.bound - rest - budget.rounding
            costs[index] = np.maximum(costs[index], harmless)
        return costs


def exact_front(score: Trellis, problem: SearchProblem) -> Front:
    """The whole front of an additive score against `problem.cost` within every budget, exactly.

    Milliseconds for one cost; budgets on further costs add a dimension each and take longer.

    Raises:
        BudgetError: no network keeps the budgets, alone or together.
    """
    problem.check_reachable()
    rows = rebuilt(_sweep(score, Costs.of(problem)))
    rows = rows[problem.feasible(rows)]
    if not len(rows):
        raise BudgetError(out_of_reach(problem))
    costs, scores = problem.costs(rows), score.evaluate(rows)
    order = pareto_order(costs, scores)
    return Front(rows[order], scores[order], costs[order])


def exact_best(score: Trellis, problem: SearchProblem) -> Architectures:
    """(L,) the architecture of the greatest score within every budget; of equals, a cheapest.

    Raises:
        BudgetError: no network keeps the budgets, alone or together.
    """
    best: Architectures = exact_front(score, problem).architectures[-1]
    return best


def check_reachable_together(problem: SearchProblem) -> None:
    """Refuses budgets that no network keeps, alone or together.

    Raises:
        BudgetError: names the budgets and the ranges that the space spans.
    """
    problem.check_reachable()
    if len(problem.budgets) > 1:
        first = problem.budgets[0].trellis
        nothing = [np.zeros(count) for count in problem.space.choice_counts]
        score = Trellis.from_values(problem.space, "nothing", "", 0.0, nothing)
        exact_front(score, SearchProblem(problem.space, first, problem.budgets))


def _sweep(score: Trellis, costs: Costs) -> list[Labels]:
    trellises = costs.trellises
    labels, layers = Labels.start(score, trellises), []
    bounded = any(np.isfinite(budget.bound) for budget in costs.budgets)
    for slot in range(len(score.steps)):
        labels = labels.extended(slot, score, trellises)
        if bounded:
            labels = labels.take(np.flatnonzero(costs.completable(slot, labels)))
        ways = continuations((score, *trellises), slot)
        sheets = labels.sheets if len(ways) > 1 else 0
        groups = ways[sheets, labels.choices]
        labels = labels.take(kept(costs.compared(slot, labels), labels.scores, groups))
        layers.append(labels)
    return layers


def kept(costs: NDArray[np.float64], scores: NDArray[np.float64], groups: Indices) -> Indices:
    """Indices of those of (M, N) costs and (N,) scores that none of their group dominates."""
    count = int(groups.max(initial=0)) + 1
    if count == 1:
        return undominated(costs, scores)
    members = [np.flatnonzero(groups == group) for group in range(count)]
    parts = [each[undominated(costs[:, each], scores[each])] for each in members]
    return np.concatenate(parts)


def undominated(costs: NDArray[np.float64], scores: NDArray[np.float64]) -> Indices:
    """Indices of the non-dominated of (M, N) costs and (N,) scores; of equals, one."""
    if len(costs) == 1:
        return pareto_order(costs[0], scores)
    import moocore  # 0.2 s, for several costs only

    found = moocore.is_nondominated(np.column_stack((*costs, -scores)))
    return np.flatnonzero(found)


def out_of_reach(problem: SearchProblem) -> str:
    """The sentence for budgets that no network keeps together."""
    wanted = ", ".join(
        f"{b.trellis.name} {b.bound:.6g} {b.trellis.unit} "
        f"of {b.trellis.range[0]:.6g} to {b.trellis.range[1]:.6g}"
        for b in problem.budgets
    )
    return f"no network of {problem.space.name} keeps all budgets together ({wanted}); raise one"


def _same(one: Trellis, other: Trellis) -> bool:
    return one is other or (
        one.constant == other.constant
        and one.combine is other.combine
        and all(map(np.array_equal, one.steps, other.steps))
    )
