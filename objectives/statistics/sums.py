"""The parts of a fitted ridge: values of choices, values of pairs of choices, a curve of costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
"""(N, L) choice indices."""

CostsOf = Callable[[Rows], NDArray[np.float64]]
"""(N, L) choices → (N, M) costs, all above 0: MACs and parameters."""

_DIGITS = 9


@dataclass(frozen=True)
class ChoiceSum:
    """A constant, and a step for every slot.

    Attributes:
        constant: what every network has.
        steps: L arrays (P or 1, C): choices of the slot before, choices.
    """

    constant: float
    steps: tuple[NDArray[np.float64], ...]

    def evaluate(self, rows: Rows) -> NDArray[np.float64]:
        """(N,) values of rows (N, L), added up slot by slot: the same bits for one as for many."""
        total = np.full(len(rows), self.constant)
        for slot, step in enumerate(self.steps):
            before = rows[:, slot - 1] if len(step) > 1 else 0
            total += step[before, rows[:, slot]]
        return total

    @classmethod
    def of_coefficients(
        cls, constant: float, coefficients: NDArray[np.float64], counts: Rows, pairs: bool
    ) -> "ChoiceSum":
        """From those of `one_hot` choices, and behind them those of pairs of neighbours."""
        values = np.split(coefficients[: int(counts.sum())], np.cumsum(counts)[:-1])
        steps = [value[None, :] for value in values]
        if pairs:
            shapes = list(pairwise(counts.tolist()))
            rest = coefficients[int(counts.sum()) :]
            ends = np.cumsum([before * after for before, after in shapes])[:-1]
            for slot, (shape, part) in enumerate(zip(shapes, np.split(rest, ends), strict=True)):
                steps[slot + 1] = steps[slot + 1] + part.reshape(shape)
        return cls(constant, tuple(steps))

    @classmethod
    def of_traits(
        cls,
        constant: float,
        coefficients: NDArray[np.float64],
        traits: Sequence[NDArray[np.float64]],
    ) -> "ChoiceSum":
        """From those of traits: L arrays (C, F), the features of the choices of each slot."""
        ends = np.cumsum([own.shape[1] for own in traits])[:-1]
        parts = np.split(coefficients, ends)
        values = [rounded(own @ part) for own, part in zip(traits, parts, strict=True)]
        return cls(constant, tuple(value[None, :] for value in values))


@dataclass(frozen=True)
class CostScale:
    """The logarithms of costs, moved and scaled to mean 0 and standard deviation 1.

    Attributes:
        mean: (M,) of the logarithms.
        deviation: (M,) of the logarithms; 1 where all networks cost the same.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @classmethod
    def of(cls, costs: NDArray[np.float64]) -> "CostScale":
        """That of costs (N, M)."""
        logarithms = np.log(costs)
        deviation = logarithms.std(axis=0)
        return cls(logarithms.mean(axis=0), np.where(deviation > 1e-9, deviation, 1.0))

    def __call__(self, costs: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, M) scaled logarithms of costs (N, M)."""
        scaled: NDArray[np.float64] = (np.log(costs) - self.mean) / self.deviation
        return scaled


@dataclass(frozen=True)
class CostCurve:
    """A quadratic of scaled logarithms of costs: what is left of a ridge that is not a sum.

    Attributes:
        scale: of the costs.
        linear: (M,) coefficients.
        squared: (M,) coefficients of the squares.
    """

    scale: CostScale
    linear: NDArray[np.float64]
    squared: NDArray[np.float64]

    def evaluate(self, costs: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) values at costs (N, M)."""
        total = np.zeros(len(costs))
        for column, linear, squared in zip(
            self.scale(costs).T, self.linear, self.squared, strict=True
        ):
            total += column * (linear + squared * column)
        return total

    def slopes(self, costs: NDArray[np.float64]) -> NDArray[np.float64]:
        """(M,) the derivative by each cost, at costs (M,)."""
        scaled = self.scale(costs[None])[0]
        slopes: NDArray[np.float64] = (self.linear + 2 * self.squared * scaled) / (
            self.scale.deviation * costs
        )
        return slopes


def one_hot(counts: Rows, rows: Rows) -> NDArray[np.float64]:
    """(N, Σ choices) ones where rows (N, L) have a choice of the L slots' (L,) choices."""
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    design = np.zeros((len(rows), int(counts.sum())))
    np.put_along_axis(design, rows + starts, 1.0, axis=1)
    return design


def one_hot_pairs(counts: Rows, rows: Rows) -> NDArray[np.float64]:
    """(N, Σ choices before × choices) the same of each pair of neighbouring slots."""
    slots = list(zip(counts.tolist(), rows.T, strict=True))
    pairs: Sequence[NDArray[np.float64]] = [
        np.eye(before * after)[left * after + right]
        for (before, left), (after, right) in pairwise(slots)
    ]
    return np.concatenate(pairs, axis=1) if pairs else np.zeros((len(rows), 0))


def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values to nine digits of the greatest.

    Linear algebra libraries differ in the last bits from machine to machine; a resumed search must
    rank architectures as it did before.
    """
    greatest = float(np.abs(values).max(initial=0.0))
    if greatest == 0.0:
        return values
    digits = _DIGITS - int(np.floor(np.log10(greatest)))
    return np.array([round(float(value), digits) for value in values])
