"""Lagrangian bounds: how good the best network within budgets can be, at most.

A budget is replaced by a price: the most of score − Σ price × cost is a plain dynamic programme
without labels, and whatever the prices are, adding Σ price × budget to it bounds the best network
within the budgets from above (Handler and Zang 1980, "A dual algorithm for the constrained shortest
path problem"). Prices of hundreds of budgets are solved in one go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwnas.search.problem import Limit
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures

_ROUNDS = 60
_ROUNDING = 1e-12
# Subgradient steps are halved when as many rounds in a row did not lower the bound.
_PATIENCE = 4


@dataclass(frozen=True)
class Bounds:
    """Of N combinations of budgets.

    Attributes:
        upper: (N,) no network within the budgets scores more.
        prices: (N, M) with which that was found, score a unit of cost.
        architectures: (N, L) the best network within the budgets that was met on the way.
        scores: (N,) its score, -inf where none was met.
    """

    upper: NDArray[np.float64]
    prices: NDArray[np.float64]
    architectures: Architectures
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class Dual:
    """A score and the costs whose budgets become prices.

    Budgets on what the largest block decides take no price: blocks beyond them are ruled out.
    """

    score: Trellis
    costs: tuple[Trellis, ...]
    ceilings: tuple[Limit, ...] = ()
    limits: tuple[float, ...] = ()

    @classmethod
    def of(cls, score: Trellis, limits: Sequence[Limit]) -> "Dual":
        """Prices for additive costs, whose bounds are the `limits`; ceilings for the others."""
        additive = [b for b in limits if b.trellis.combine is np.add]
        ceilings = tuple(b for b in limits if b.trellis.combine is not np.add)
        costs = tuple(b.trellis for b in additive)
        return cls(score, costs, ceilings, tuple(b.bound for b in additive))

    @cached_property
    def _steps(self) -> list[NDArray[np.float64]]:
        steps = []
        for slot, step in enumerate(self.score.steps):
            allowed = self.score.allowed[slot][None]
            for ceiling in self.ceilings:
                allowed = allowed & (ceiling.trellis.steps[slot] <= ceiling.bound)
            steps.append(np.where(allowed, step, -np.inf))
        return steps

    def completions(self, prices: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """L arrays (N, S, C): the most that the slots after this one add at prices (N, M)."""
        rest = [np.zeros((len(prices), 1, self.score.steps[-1].shape[2]))]
        for slot in range(len(self._steps) - 1, 0, -1):
            onward = self._priced(slot, prices) + rest[0][:, :, None, :]
            rest.insert(0, onward.max(axis=3))
        return rest

    def solve(self, prices: NDArray[np.float64]) -> tuple[NDArray[np.float64], Architectures]:
        """(N,) the most of score − Σ price × cost, and (N, L) where it is."""
        rest, index = self.completions(prices), np.arange(len(prices))
        sheets = np.zeros(len(prices), dtype=np.int64)
        rows = np.empty((len(prices), len(rest)), dtype=np.int64)
        first = self._priced(0, prices)[:, 0, 0, :]
        after = rest[0] if rest[0].shape[1] == 1 else np.diagonal(rest[0], axis1=1, axis2=2)
        total = first + after.reshape(len(prices), -1)
        rows[:, 0] = total.argmax(axis=1)
        for slot in range(1, len(rest)):
            step, after = self._priced(slot, prices), rest[slot]
            before = rows[:, slot - 1]
            onward = step[index, rows[:, 0] if step.shape[1] > 1 else sheets, before]
            onward = onward + after[index, rows[:, 0] if after.shape[1] > 1 else sheets]
            rows[:, slot] = onward.argmax(axis=1)
        constant = self.score.constant - prices @ np.array([c.constant for c in self.costs])
        return constant + total.max(axis=1), rows

    def bounds(self, budgets: NDArray[np.float64]) -> Bounds:
        """Upper bounds for N combinations of budgets (N, M) on the M costs, by subgradients."""
        scale = np.array([cost.range[1] - cost.range[0] or 1.0 for cost in self.costs])
        spread = (self.score.range[1] - self.score.range[0]) or 1.0
        prices = np.tile(spread / scale / max(1, len(scale)), (len(budgets), 1))
        upper, best_prices = np.full(len(budgets), np.inf), prices.copy()
        best = np.full(len(budgets), -np.inf)
        found = np.zeros((len(budgets), len(self.score.steps)), dtype=np.int64)
        stride, waited = np.ones(len(budgets)), np.zeros(len(budgets), dtype=np.int64)
        for _ in range(_ROUNDS):
            value, rows = self.solve(prices)
            used = np.empty_like(budgets)
            for index, cost in enumerate(self.costs):
                used[:, index] = cost.evaluate(rows)
            bound = value + (prices * budgets).sum(axis=1) + self.rounding(prices)
            scores = np.where((used <= budgets).all(axis=1), self.score.evaluate(rows), -np.inf)
            better, lower = scores > best, bound < upper
            best[better], found[better] = scores[better], rows[better]
            best_prices[lower], upper[lower] = prices[lower], bound[lower]
            waited = np.where(lower, 0, waited + 1)
            stride = np.where(waited >= _PATIENCE, stride / 2, stride)
            waited[waited >= _PATIENCE] = 0
            slope = (budgets - used) / scale
            target = np.where(np.isfinite(best), best, upper - 0.05 * spread)
            length = stride * np.maximum(bound - target, 1e-9 * spread)
            length /= np.maximum((slope**2).sum(axis=1), 1e-12)
            prices = np.maximum(prices - length[:, None] * slope / scale, 0.0)
        return Bounds(upper, best_prices, found, best)

    def rounding(self, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) more than bounds at prices (N, M) can be off by, added up in whatever order."""
        sizes = np.array([cost.magnitude for cost in self.costs])
        most: NDArray[np.float64] = self.score.magnitude + prices @ sizes
        return _ROUNDING * most

    def _priced(self, slot: int, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, S or 1, P, C) score − Σ price × cost of one slot's steps."""
        total = self._steps[slot][None]
        for index, cost in enumerate(self.costs):
            total = total - prices[:, index, None, None, None] * cost.steps[slot][None]
        return total if self.costs else np.repeat(total, len(prices), axis=0)
