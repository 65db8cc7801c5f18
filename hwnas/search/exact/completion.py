"""Partial architectures: some slots decided, in whatever order, the others (−1) open."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwnas.search.problem import SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures

OPEN = -1


@dataclass(frozen=True)
class Partials:
    """(N, L) partial architectures of a problem.

    Where the first slot chooses among sheets, it has to be decided.
    """

    problem: SearchProblem
    rows: Architectures

    def __post_init__(self) -> None:
        """Raises ValueError where the first slot is open and chooses among sheets."""
        if self.problem.sheets > 1 and (self.rows[:, 0] == OPEN).any():
            raise ValueError("the first slot chooses the sheet and has to be decided first")

    @cached_property
    def least_costs(self) -> NDArray[np.float64]:
        """(N,) the least cost of a network with these choices, infinite where there is none."""
        return self._least(self.problem.cost, self._rests(self.problem.cost))

    def completable(self) -> NDArray[np.bool_]:
        """(N,) whether each has a completion, within each budget alone."""
        kept = np.isfinite(self.least_costs)
        for limit, rests in zip(self.problem.limits, self._limit_rests, strict=True):
            kept &= self._least(limit.trellis, rests) <= limit.bound + limit.rounding
        return kept

    def filled(self, within: bool, like: Architectures | None = None) -> Architectures:
        """(N, L) architectures: every open slot, front to back, takes its costliest choice.

        Args:
            within: the costliest that leaves every limit reachable, where there is one.
            like: (L,) an architecture whose choice is taken instead wherever it can be.
        """
        turned = self.problem.cost.negated
        onward, rows = self._rests(turned), self.rows.copy()
        spent = [np.full(len(rows), b.trellis.constant) for b in self.problem.limits]
        for slot in range(rows.shape[1]):
            before = rows[:, slot - 1] if slot else np.zeros(len(rows), dtype=np.int64)
            allowed = self.problem.space.allowed(slot)[before] & self._open[slot]
            worth = turned.join(self._steps(turned, slot, before), onward[slot])
            usable = allowed & np.isfinite(worth)
            reached = []
            for index, limit in enumerate(self.problem.limits):
                step = self._steps(limit.trellis, slot, before)
                reached.append(limit.trellis.combine(spent[index][:, None], step))
            if within:
                fits = usable.copy()
                for index, limit in enumerate(self.problem.limits):
                    total = limit.trellis.join(reached[index], self._limit_rests[index][slot])
                    fits &= total <= limit.bound + limit.rounding
                usable = np.where(fits.any(axis=1, keepdims=True), fits, usable)
            chosen = np.where(usable, worth, np.inf).argmin(axis=1)
            if like is not None:
                chosen = np.where(usable[:, like[slot]], like[slot], chosen)
            rows[:, slot] = chosen
            spent = [total[np.arange(len(rows)), chosen] for total in reached]
        return rows

    @cached_property
    def _open(self) -> list[NDArray[np.bool_]]:
        """L arrays (N, C): which choices are left."""
        return [
            (column[:, None] == OPEN) | (column[:, None] == np.arange(count))
            for column, count in zip(self.rows.T, self.problem.space.choice_counts, strict=True)
        ]

    @cached_property
    def _limit_rests(self) -> list[list[NDArray[np.float64]]]:
        return [self._rests(limit.trellis) for limit in self.problem.limits]

    def _rests(self, trellis: Trellis) -> list[NDArray[np.float64]]:
        """L arrays (N, C): the least that the slots after this one add, given its choice."""
        rests = [np.full(self._open[-1].shape, trellis.nothing)]
        for slot in range(self.rows.shape[1] - 1, 0, -1):
            step = trellis.steps[slot]
            sheets = self.rows[:, 0] if len(step) > 1 else np.zeros(len(self.rows), dtype=np.int64)
            after = np.where(self._open[slot], rests[0], np.inf)
            # Choices that the same may follow at the same price are looked at once.
            mask = trellis.allowed[slot]
            masks, number = np.unique(mask, axis=0, return_inverse=True)
            if step.shape[1] > 1:
                masks, number = mask, np.arange(len(mask))
            joined = trellis.join(step[sheets], after[:, None, :])
            least = np.where(masks[None], joined, np.inf).min(axis=2)
            rests.insert(0, least[:, number.reshape(-1)])
        return rests

    def _least(self, trellis: Trellis, rests: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        first = trellis.combine(trellis.constant, trellis.steps[0][0, 0])
        total = trellis.join(np.broadcast_to(first, rests[0].shape), rests[0])
        least: NDArray[np.float64] = np.where(self._open[0], total, np.inf).min(axis=1)
        return least

    def _steps(self, trellis: Trellis, slot: int, before: NDArray[np.int64]) -> NDArray[np.float64]:
        step = trellis.steps[slot]
        zeros = np.zeros(len(before), dtype=np.int64)
        sheets = self.rows[:, 0] if len(step) > 1 else zeros
        chosen: NDArray[np.float64] = step[sheets, before if step.shape[1] > 1 else zeros]
        return chosen
