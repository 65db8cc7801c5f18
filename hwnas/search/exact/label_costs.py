"""The costs that labels carry through a sweep, and how much of them labels are compared by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.search.exact.labels import Extension
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis


@dataclass(frozen=True)
class LabelCosts:
    """The costs that labels carry, with their bounds: first the axes of a front, then limits.

    Labels are compared by all of an axis, and by as much of another cost as may break its budget.
    """

    limits: tuple[Limit, ...]
    axes: int = 1

    @classmethod
    def of(cls, problem: SearchProblem, axes: tuple[Trellis, ...]) -> "LabelCosts":
        """The axes and every budget that some network breaks, equal ones once."""
        merged = [Limit(axis, np.inf) for axis in axes]
        for limit in problem.limits:
            for index, other in enumerate(merged):
                if _same(limit.trellis, other.trellis):
                    merged[index] = Limit(other.trellis, min(limit.bound, other.bound))
                    break
            else:
                # A budget that every network keeps would only multiply labels.
                if limit.bound < limit.trellis.range[1]:
                    merged.append(limit)
        return cls(tuple(merged), len(axes))

    @property
    def trellises(self) -> tuple[Trellis, ...]:
        """The costs without their bounds."""
        return tuple(limit.trellis for limit in self.limits)

    def completable(self, slot: int, labels: Extension) -> NDArray[np.bool_]:
        """(N,) whether each label has a completion within each budget alone."""
        kept = np.ones(len(labels.scores), dtype=np.bool_)
        for costs, limit in zip(labels.costs, self.limits, strict=True):
            if np.isfinite(limit.bound):
                rest = limit.trellis.rest(slot, labels.sheet, labels.choice)
                kept &= limit.trellis.combine(costs, rest) <= limit.bound + limit.rounding
        return kept

    def compared(self, slot: int, labels: Extension) -> NDArray[np.float64]:
        """(M, N) costs to compare labels by: all that no longer can break a budget is equal."""
        if len(self.limits) == self.axes:
            return labels.costs
        costs = labels.costs.copy()
        for index in range(self.axes, len(self.limits)):
            limit = self.limits[index]
            if limit.trellis.combine is np.maximum:
                # What a path has used of it takes nothing from what follows.
                costs[index] = 0.0
                continue
            rest = -limit.trellis.negated.rest(slot, labels.sheet, labels.choice)
            harmless = limit.bound - rest - limit.rounding
            np.maximum(costs[index], harmless, out=costs[index])
        return costs


def _same(one: Trellis, other: Trellis) -> bool:
    return one is other or (
        one.constant == other.constant
        and one.combine is other.combine
        and all(map(np.array_equal, one.steps, other.steps))
    )
