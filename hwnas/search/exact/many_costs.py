"""The front of one additive score against several costs, and what it says about budgets.

With latencies on two devices and a size beside the score a front has hundreds of thousands of
networks. It is found whole unless a number of labels is given: then only so many are kept, and a
Lagrangian bound states for any budgets how much more a network can score than the one found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import BudgetError
from hwnas.search.exact.dual import Bounds, Dual
from hwnas.search.exact.exact_front import out_of_reach
from hwnas.search.exact.label_costs import LabelCosts
from hwnas.search.exact.sweep import sweep, undominated
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures

_NONE = -1
_AT_ONCE = 256  # combinations of budgets that are compared with the front together


@dataclass(frozen=True)
class BestWithin:
    """The best networks found for N combinations of budgets.

    Attributes:
        architectures: (N, L); -1 in every slot where none was found.
        scores: (N,) -inf where none was found.
        at_most: (N,) no network within the budgets scores more; -inf where there is none for sure.
    """

    architectures: Architectures
    scores: NDArray[np.float64]
    at_most: NDArray[np.float64]


@dataclass(frozen=True)
class CostFront:
    """Networks none of which beats another in the score and in every cost.

    Attributes:
        architectures: (N, L) canonical.
        scores: (N,).
        costs: (M, N), in the units of the trellises.
        whole: whether nothing is missing.
    """

    problem: SearchProblem
    score: Trellis
    trellises: tuple[Trellis, ...]
    architectures: Architectures
    scores: NDArray[np.float64]
    costs: NDArray[np.float64]
    whole: bool

    def within(self, budgets: NDArray[np.float64]) -> BestWithin:
        """The best network for each of N combinations of budgets (N, M), and the error's bound."""
        budgets = np.atleast_2d(np.asarray(budgets, dtype=np.float64))
        order = np.argsort(-self.scores, kind="stable")
        costs = self.costs[:, order]
        first = np.empty(len(budgets), dtype=np.int64)
        for start in range(0, len(budgets), _AT_ONCE):
            part = budgets[start : start + _AT_ONCE]
            kept = np.ones((len(part), costs.shape[1]), dtype=np.bool_)
            for index, column in enumerate(costs):
                kept &= column[None] <= part[:, index, None]
            best = np.where(kept.any(axis=1), kept.argmax(axis=1), -1)
            first[start : start + _AT_ONCE] = best
        chosen = order[first]
        found = first >= 0
        scores = np.where(found, self.scores[chosen], -np.inf)
        rows = np.where(found[:, None], self.architectures[chosen], _NONE)
        if self.whole:
            return BestWithin(rows, scores, scores)
        bounds = self._bounds(budgets)
        kept = self._keeps(bounds.architectures, budgets)
        better = kept & (bounds.scores > scores)
        scores = np.where(better, bounds.scores, scores)
        # Where not even the relaxed problem reaches the least of all scores, nothing does.
        upper = np.where(bounds.upper < self.score.range[0], -np.inf, bounds.upper)
        return BestWithin(
            np.where(better[:, None], bounds.architectures, rows), scores, np.maximum(upper, scores)
        )

    def _bounds(self, budgets: NDArray[np.float64]) -> Bounds:
        """Lagrangian bounds, the problem's own budgets joined to the N combinations (N, M).

        An axis that the largest block decides takes no price and is left out: a looser bound.
        """
        additive = [index for index, axis in enumerate(self.trellises) if axis.combine is np.add]
        own = [b for b in self.problem.limits if b.trellis.combine is np.add]
        fixed = np.tile([limit.bound for limit in own], (len(budgets), 1))
        axes = [Limit(self.trellises[index], np.inf) for index in additive]
        others = [b for b in self.problem.limits if b.trellis.combine is not np.add]
        dual = Dual.of(self.score, [*axes, *own, *others])
        return dual.bounds(np.hstack((budgets[:, additive], fixed)))

    def _keeps(self, rows: Architectures, budgets: NDArray[np.float64]) -> NDArray[np.bool_]:
        kept = self.problem.feasible(rows)
        for axis, bounds in zip(self.trellises, budgets.T, strict=True):
            kept &= axis.evaluate(rows) <= bounds
        return kept


def front_of_costs(
    score: Trellis,
    problem: SearchProblem,
    costs: Sequence[Trellis],
    most_labels: int | None = None,
) -> CostFront:
    """The front of an additive score against several additive costs, within the budgets.

    Args:
        score: to be maximised.
        problem: its space and its budgets; its own cost counts only where it is among `costs`.
        costs: the axes of the front.
        most_labels: as many paths are kept a slot; None for all, which takes about a second for
            two costs and a minute for three of a space of twenty slots.

    Raises:
        BudgetError: no network keeps the budgets.
    """
    problem.check_sums("an exact search")
    problem.check_reachable()
    carried = LabelCosts.of(problem, tuple(costs))
    found = sweep(score, carried, most_labels)
    rows = found.architectures[problem.feasible(found.architectures)]
    if not len(rows) and not found.whole:
        found = sweep(score, carried)
        rows = found.architectures[problem.feasible(found.architectures)]
    if not len(rows):
        raise BudgetError(out_of_reach(problem))
    spent, scores = np.stack([cost.evaluate(rows) for cost in costs]), score.evaluate(rows)
    left = undominated(spent, scores)
    return CostFront(
        problem, score, tuple(costs), rows[left], scores[left], spent[:, left], found.whole
    )
