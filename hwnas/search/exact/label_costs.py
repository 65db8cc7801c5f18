"""The costs that labels carry through a sweep, and how much of them labels are compared by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.search.exact.labels import Extension
from hwnas.search.problem import Budget, SearchProblem
from hwnas.search.trellis import Trellis


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


def _same(one: Trellis, other: Trellis) -> bool:
    return one is other or (
        one.constant == other.constant
        and one.combine is other.combine
        and all(map(np.array_equal, one.steps, other.steps))
    )
