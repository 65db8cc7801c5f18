"""Front: the feasible non-dominated of what was evaluated, and how good a front is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.search.problem import SearchProblem
from hwnas.spaces.space import Architectures
from objectives.objective import pareto_order


@dataclass(frozen=True)
class Front:
    """The non-dominated networks, cheapest (and of least score) first.

    Attributes:
        architectures: (N, L) canonical.
        scores: (N,) strictly increasing.
        costs: (N,) strictly increasing, in the unit of the problem's cost.
    """

    architectures: Architectures
    scores: NDArray[np.float64]
    costs: NDArray[np.float64]


def front_of(
    problem: SearchProblem, architectures: Architectures, scores: NDArray[np.float64]
) -> Front:
    """The front of evaluated canonical architectures (N, L) with scores (N,) to be maximised.

    Architectures that break a budget are left out, hence the front may be empty.
    """
    length = problem.length
    rows = np.asarray(architectures, dtype=np.int64).reshape(-1, length)
    kept = problem.feasible(rows)
    rows, told = rows[kept], np.asarray(scores, dtype=np.float64)[kept]
    costs = problem.costs(rows)
    order = pareto_order(costs, told)
    return Front(rows[order], told[order], costs[order])


def spread(costs: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Indices of at most `count` of ascending costs, the last always, evenly over their range."""
    if len(costs) <= count:
        return np.arange(len(costs))[::-1]
    left = list(range(len(costs)))
    chosen = []
    for target in np.linspace(costs[-1], costs[0], count):
        nearest = int(np.argmin(np.abs(costs[left] - target)))
        chosen.append(left.pop(nearest))
    return np.array(chosen, dtype=np.int64)


def hypervolume(
    front: Front, *, ideal: tuple[float, float], reference: tuple[float, float]
) -> float:
    """The share of the box from `reference` to `ideal` that the front dominates, 0 to 1.

    Args:
        front: what is rated; members beyond the reference count nothing.
        ideal: (cost, score) that nothing is better than.
        reference: (cost, score) that nothing of interest is worse than.
    """
    from pymoo.indicators.hv import HV  # 0.4 s, for reports only

    span_cost, span_score = reference[0] - ideal[0], ideal[1] - reference[1]
    if span_cost <= 0 or span_score <= 0:
        raise ValueError("the reference must be costlier and of less score than the ideal")
    points = np.column_stack(
        ((front.costs - ideal[0]) / span_cost, (ideal[1] - front.scores) / span_score)
    )
    inside = points[(points < 1).all(axis=1)]
    return float(HV(ref_point=np.ones(2))(inside)) if len(inside) else 0.0
