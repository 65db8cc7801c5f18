"""The sweep over a trellis that all exact searches share: extend, prune, keep the non-dominated.

Costs and scores are added up in the order of `Trellis.evaluate`. Rounded addition is monotone, so
a dominated label stays dominated bit for bit, and what is kept equals brute force, not nearly.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.search.labels import Indices, Labels, continuations, rebuilt
from hwnas.search.problem import Budget, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures
from objectives.objective import pareto_order

Prune = Callable[[int, Labels], NDArray[np.bool_]]
"""A slot and its labels → (N,) which of them to keep."""


@dataclass(frozen=True)
class Costs:
    """The costs that labels carry, with their bounds: first the axes of a front, then budgets.

    Labels are compared by all of an axis, and by as much of another cost as may break its budget.
    """

    budgets: tuple[Budget, ...]
    axes: int = 1

    @classmethod
    def of(cls, problem: SearchProblem, axes: tuple[Trellis, ...]) -> "Costs":
        """The axes and every budget that some network breaks, equal ones once."""
        merged = [Budget(axis, np.inf) for axis in axes]
        for budget in problem.budgets:
            for index, other in enumerate(merged):
                if _same(budget.trellis, other.trellis):
                    merged[index] = Budget(other.trellis, min(budget.bound, other.bound))
                    break
            else:
                # A budget that every network keeps would only multiply labels.
                if budget.bound < budget.trellis.range[1]:
                    merged.append(budget)
        return cls(tuple(merged), len(axes))

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
        if len(self.budgets) == self.axes:
            return labels.costs
        costs = labels.costs.copy()
        for index in range(self.axes, len(self.budgets)):
            budget = self.budgets[index]
            if budget.trellis.combine is np.maximum:
                # What a path has used of it takes nothing from what follows.
                costs[index] = 0.0
                continue
            rest = -budget.trellis.negated.rest(slot, labels.sheets, labels.choices)
            harmless = budget.bound - rest - budget.rounding
            costs[index] = np.maximum(costs[index], harmless)
        return costs


def sweep(
    score: Trellis, costs: Costs, most_labels: int | None = None, prune: Prune | None = None
) -> tuple[Architectures, bool]:
    """The architectures of the labels that are left behind the last slot, and whether all are.

    Args:
        score: to be maximised, additive.
        costs: what labels carry.
        most_labels: where a slot leaves more, only one a cell of a grid over the costs is kept,
            the one of the greatest score.
        prune: leaves out labels before they are compared.

    Returns:
        (N, L) architectures, and False where `most_labels` has cost some.
    """
    trellises = costs.trellises
    labels, layers, whole = Labels.start(score, trellises), [], True
    bounded = any(np.isfinite(budget.bound) for budget in costs.budgets)
    for slot in range(len(score.steps)):
        labels = labels.extended(slot, score, trellises)
        if bounded:
            labels = labels.take(np.flatnonzero(costs.completable(slot, labels)))
        if prune is not None:
            labels = labels.take(np.flatnonzero(prune(slot, labels)))
        ways = continuations((score, *trellises), slot)
        groups = ways[labels.sheets if len(ways) > 1 else 0, labels.choices]
        compared = costs.compared(slot, labels)
        # Comparing takes longest; what is too much for a grid is not compared first.
        if most_labels is not None and len(groups) > most_labels:
            left = thinned(compared, labels.scores, groups, most_labels)
            whole = whole and len(left) == len(groups)
            labels, compared, groups = labels.take(left), compared[:, left], groups[left]
        labels = labels.take(kept(compared, labels.scores, groups))
        layers.append(labels)
    return rebuilt(layers), whole


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


def thinned(
    costs: NDArray[np.float64], scores: NDArray[np.float64], groups: Indices, most: int
) -> Indices:
    """Indices of at most `most` labels: the best of each cell of a grid over (M, N) costs."""
    least = costs.min(axis=1, keepdims=True)
    span = np.ptp(costs, axis=1, keepdims=True)
    share = (costs - least) / np.where(span > 0, span, 1.0)
    cells, keys = 2.0 * most ** (1 / len(costs)), groups
    while cells >= 1:
        keys = groups
        for column in share:
            keys = keys * (int(cells) + 1) + (column * int(cells)).astype(np.int64)
        if len(np.unique(keys)) <= most:
            break
        cells *= 0.85
    order = np.lexsort((-scores, keys))
    first = np.flatnonzero(np.diff(keys[order], prepend=-1))
    chosen: Indices = order[first]
    return np.sort(chosen)


def _same(one: Trellis, other: Trellis) -> bool:
    return one is other or (
        one.constant == other.constant
        and one.combine is other.combine
        and all(map(np.array_equal, one.steps, other.steps))
    )
