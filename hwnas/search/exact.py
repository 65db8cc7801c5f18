"""Exact dynamic programming on the trellis: the whole non-dominated front of an additive score.

Most score within the budgets is a multiple-choice knapsack. A label is a path to one choice of one
slot: its costs and its score. Of the labels that may be continued in the same ways only the
non-dominated are kept, so that nothing that could be on the front is ever lost (DNA, arXiv
1911.13053, and BN-NAS, arXiv 2108.07375, search additive scores; this does so exactly).

Costs and scores are added up in the order of `Trellis.evaluate`. Rounded addition is monotone, so
a dominated label stays dominated bit for bit, and the result equals brute force, not nearly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.errors import BudgetError
from hwnas.search.front import Front
from hwnas.search.problem import Budget, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures
from objectives.objective import pareto_order


@dataclass(frozen=True)
class _Labels:
    """The kept labels behind one slot: (N, M) costs, (N,) scores, last choice, label before."""

    costs: NDArray[np.float64]
    scores: NDArray[np.float64]
    choices: NDArray[np.int64]
    parents: NDArray[np.int64]

    def take(self, index: NDArray[np.int64]) -> "_Labels":
        return _Labels(
            self.costs[index], self.scores[index], self.choices[index], self.parents[index]
        )


@dataclass(frozen=True)
class _Costs:
    """The distinct costs of a problem, the objective first, with their bounds."""

    budgets: tuple[Budget, ...]

    @classmethod
    def of(cls, problem: SearchProblem) -> "_Costs":
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

    def start(self) -> NDArray[np.float64]:
        return np.array([[budget.trellis.constant for budget in self.budgets]])

    def added(self, slot: int, choices: NDArray[np.int64]) -> NDArray[np.float64]:
        """(N, M) what choices of a slot cost."""
        return np.stack([b.trellis.values[slot][choices] for b in self.budgets], axis=1)

    def completable(self, slot: int, labels: _Labels) -> NDArray[np.bool_]:
        kept = np.ones(len(labels.scores), dtype=np.bool_)
        for index, budget in enumerate(self.budgets):
            if np.isfinite(budget.bound):
                rest = budget.trellis.cheapest_completion[slot][labels.choices]
                kept &= labels.costs[:, index] + rest <= budget.bound + budget.rounding
        return kept

    def compared(self, slot: int, labels: _Labels) -> NDArray[np.float64]:
        """(N, M) costs to compare labels by: all that no longer can break a budget is equal."""
        costs = labels.costs.copy()
        for index, budget in enumerate(self.budgets[1:], start=1):
            rest = -budget.trellis.negated.cheapest_completion[slot][labels.choices]
            harmless = budget.bound - rest - budget.rounding
            costs[:, index] = np.maximum(costs[:, index], harmless)
        return costs


def exact_front(score: Trellis, problem: SearchProblem) -> Front:
    """The whole front of an additive score against `problem.cost` within every budget, exactly.

    Milliseconds for one cost; budgets on further costs add a dimension each and take longer.

    Raises:
        BudgetError: no network keeps the budgets, alone or together.
    """
    problem.check_reachable()
    rows = _rebuild(_sweep(score, _Costs.of(problem), problem.cost.allowed))
    rows = rows[problem.feasible(rows)]
    if not len(rows):
        raise BudgetError(_out_of_reach(problem))
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
        nothing = [np.zeros(len(row)) for row in first.values]
        score = Trellis.from_values(problem.space, "nothing", "", 0.0, nothing)
        exact_front(score, SearchProblem(problem.space, first, problem.budgets))


def _sweep(score: Trellis, costs: _Costs, allowed: Sequence[NDArray[np.bool_]]) -> list[_Labels]:
    origin = np.zeros(1, dtype=np.int64)
    labels = _Labels(costs.start(), np.array([score.constant]), origin, origin)
    layers = []
    for slot in range(len(allowed)):
        parents, choices = np.nonzero(allowed[slot][labels.choices])
        labels = _Labels(
            labels.costs[parents] + costs.added(slot, choices),
            labels.scores[parents] + score.values[slot][choices],
            choices,
            parents,
        )
        labels = labels.take(np.flatnonzero(costs.completable(slot, labels)))
        labels = labels.take(_kept(labels, costs.compared(slot, labels), _classes(allowed, slot)))
        layers.append(labels)
    return layers


def _classes(allowed: Sequence[NDArray[np.bool_]], slot: int) -> NDArray[np.int64]:
    """(choices,) equal numbers for choices of a slot that the same choices may follow."""
    if slot + 1 == len(allowed):
        return np.zeros(allowed[slot].shape[1], dtype=np.int64)
    _, classes = np.unique(allowed[slot + 1], axis=0, return_inverse=True)
    return classes.reshape(-1).astype(np.int64)


def _kept(
    labels: _Labels, costs: NDArray[np.float64], classes: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Indices of the labels that none of their class dominates."""
    of_label = classes[labels.choices]
    kept = []
    for each in np.unique(of_label):
        members = np.flatnonzero(of_label == each)
        kept.append(members[_undominated(costs[members], labels.scores[members])])
    return np.concatenate(kept) if kept else np.zeros(0, dtype=np.int64)


def _undominated(costs: NDArray[np.float64], scores: NDArray[np.float64]) -> NDArray[np.int64]:
    if costs.shape[1] == 1:
        return pareto_order(costs[:, 0], scores)
    import moocore  # 0.2 s, for several costs only

    found = moocore.is_nondominated(np.column_stack((costs, -scores)))
    return np.flatnonzero(found)


def _rebuild(layers: list[_Labels]) -> Architectures:
    """(N, L): the choices along the labels' back-pointers."""
    rows = np.empty((len(layers[-1].scores), len(layers)), dtype=np.int64)
    index = np.arange(len(rows))
    for slot in range(len(layers) - 1, -1, -1):
        rows[:, slot] = layers[slot].choices[index]
        index = layers[slot].parents[index]
    return rows


def _same(one: Trellis, other: Trellis) -> bool:
    return one is other or (
        one.constant == other.constant and all(map(np.array_equal, one.values, other.values))
    )


def _out_of_reach(problem: SearchProblem) -> str:
    wanted = ", ".join(
        f"{b.trellis.name} {b.bound:.6g} {b.trellis.unit} "
        f"of {b.trellis.range[0]:.6g} to {b.trellis.range[1]:.6g}"
        for b in problem.budgets
    )
    return f"no network of {problem.space.name} keeps all budgets together ({wanted}); raise one"
