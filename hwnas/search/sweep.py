"""The sweep over a trellis that all exact searches share: extend, prune, keep the non-dominated.

Costs and scores are added up in the order of `Trellis.evaluate`. Rounded addition is monotone, so
a dominated label stays dominated bit for bit, and what is kept equals brute force, not nearly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.search.labels import Extension, Indices, Labels, rebuilt
from hwnas.search.problem import Budget, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.search.ways import Ways, ways_of
from hwnas.spaces.space import Architectures
from objectives.objective import pareto_order

Prune = Callable[[int, Extension], NDArray[np.bool_]]
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

    def completable(self, slot: int, labels: Extension) -> NDArray[np.bool_]:
        """(N,) whether each label has a completion within each budget alone."""
        kept = np.ones(len(labels.scores), dtype=np.bool_)
        for costs, budget in zip(labels.costs, self.budgets, strict=True):
            if np.isfinite(budget.bound):
                rest = budget.trellis.rest(slot, labels.sheet, labels.choice)
                kept &= budget.trellis.combine(costs, rest) <= budget.bound + budget.rounding
        return kept

    def compared(self, slot: int, labels: Extension) -> NDArray[np.float64]:
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
            rest = -budget.trellis.negated.rest(slot, labels.sheet, labels.choice)
            harmless = budget.bound - rest - budget.rounding
            np.maximum(costs[index], harmless, out=costs[index])
        return costs


@dataclass(frozen=True)
class Swept:
    """What a sweep leaves.

    Attributes:
        architectures: (N, L).
        costs: (M, N), to the last bit those of `Trellis.evaluate`.
        scores: (N,), likewise.
        whole: False where a limit on the labels has cost some.
    """

    architectures: Architectures
    costs: NDArray[np.float64]
    scores: NDArray[np.float64]
    whole: bool

    def take(self, index: Indices) -> "Swept":
        """Those of the given positions."""
        return Swept(
            self.architectures[index], self.costs[:, index], self.scores[index], self.whole
        )


def sweep(
    score: Trellis, costs: Costs, most_labels: int | None = None, prune: Prune | None = None
) -> Swept:
    """The labels that are left behind the last slot.

    Args:
        score: to be maximised, additive.
        costs: what labels carry.
        most_labels: where a slot leaves more, only one a cell of a grid over the costs is kept,
            the one of the greatest score.
        prune: leaves out labels before they are compared.
    """
    trellises = costs.trellises
    origin = np.zeros(1, dtype=np.int64)
    constants = np.array([[trellis.constant] for trellis in trellises])
    groups = [Labels(constants, np.array([score.constant]), origin, origin)]
    ways = ways_of((score, *trellises))
    bounded = any(np.isfinite(budget.bound) for budget in costs.budgets)
    layers, whole = [], True
    for slot in range(len(score.steps)):
        extended = _extended(groups, slot, score, trellises, ways)
        groups = []
        for labels in extended:
            compared, scores = costs.compared(slot, labels), labels.scores
            left: Indices | None = None  # all
            if bounded or prune is not None:
                fit = costs.completable(slot, labels)
                left = np.flatnonzero(fit if prune is None else fit & prune(slot, labels))
                compared, scores = compared[:, left], scores[left]
            # Comparing takes longest; what is too much for a grid is not compared first.
            if most_labels is not None and len(scores) > most_labels // len(extended):
                thin = thinned(compared, scores, max(1, most_labels // len(extended)))
                whole = whole and len(thin) == len(scores)
                left = thin if left is None else left[thin]
                compared, scores = compared[:, thin], scores[thin]
            if len(scores):
                best = undominated(compared, scores)
                groups.append(labels.take(best if left is None else left[best]))
        if not groups:
            none = np.zeros((0, len(score.steps)), dtype=np.int64)
            return Swept(none, np.zeros((len(trellises), 0)), np.zeros(0), whole)
        layers.append((_joined(groups, "choices"), _joined(groups, "parents")))
    costs_of = np.concatenate([labels.costs for labels in groups], axis=1)
    return Swept(rebuilt(layers), costs_of, _joined(groups, "scores"), whole)


def _joined(groups: Sequence[Labels], name: str) -> NDArray[Any]:
    return np.concatenate([getattr(labels, name) for labels in groups])


def _extended(
    groups: Sequence[Labels], slot: int, score: Trellis, costs: tuple[Trellis, ...], ways: Ways
) -> list[Extension]:
    """The labels behind a slot, grouped by their ways onward."""
    parts: dict[int, list[Extension]] = {}
    first_parent = 0
    for labels in groups:
        for number, choices in ways.onward(slot, labels.sheet, labels.choice):
            part = labels.extended(slot, choices, score, costs, first_parent)
            parts.setdefault(number, []).append(part)
        first_parent += len(labels.scores)
    return [Extension.joined(each) for each in parts.values()]


def undominated(costs: NDArray[np.float64], scores: NDArray[np.float64]) -> Indices:
    """Indices of the non-dominated of (M, N) costs and (N,) scores; of equals, one."""
    if len(costs) == 1:
        return pareto_order(costs[0], scores)
    import moocore  # 0.2 s, for several costs only

    found = moocore.is_nondominated(np.column_stack((*costs, -scores)))
    return np.flatnonzero(found)


def thinned(costs: NDArray[np.float64], scores: NDArray[np.float64], most: int) -> Indices:
    """Indices of at most `most` labels: the best of each cell of a grid over (M, N) costs."""
    least = costs.min(axis=1, keepdims=True)
    span = np.ptp(costs, axis=1, keepdims=True)
    share = (costs - least) / np.where(span > 0, span, 1.0)
    cells, keys = 2.0 * most ** (1 / len(costs)), np.zeros(len(scores), dtype=np.int64)
    while cells >= 1:
        keys = np.zeros(len(scores), dtype=np.int64)
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
