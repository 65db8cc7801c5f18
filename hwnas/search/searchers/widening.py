"""Which networks add most hypervolume to a front, if they score as is expected of them."""

import numpy as np
from numpy.typing import NDArray

from hwnas.search.front import Front
from hwnas.search.problem import SearchProblem
from hwnas.spaces.space import Architectures

_HOPEFUL = 500
# Of the range of costs: how far the area to be widened reaches beyond the costliest network, so
# that the best network, which may be the costliest, is worth something too.
_MARGIN = 0.1


def most_widening(
    problem: SearchProblem,
    front: Front,
    rows: Architectures,
    expected: NDArray[np.float64],
    count: int,
    least: float,
) -> Architectures:
    """(count', L) the rows that add most to a front together, in their order.

    Args:
        problem: whose cost is the front's.
        front: to be widened, its scores in the unit of `expected`.
        rows: (N, L) within the limits.
        expected: (N,) what they are expected to score.
        count: how many are wanted.
        least: the score that the area to be widened reaches down to.
    """
    costs = problem.costs(rows)
    left, right = problem.cost.range
    corner = (right + _MARGIN * (right - left), least)
    # Few of thousands can be among the best of a batch: those that would be by themselves.
    hopeful = np.argsort(-_gains(costs, expected, front, corner), kind="stable")[:_HOPEFUL]
    rows, costs, expected = rows[hopeful], costs[hopeful], expected[hopeful]
    chosen = np.zeros(len(rows), dtype=np.bool_)
    for _ in range(min(count, len(rows))):
        gain = np.where(chosen, -np.inf, _gains(costs, expected, front, corner))
        if gain.max() <= 0:
            # Nothing is promised to widen the front: the least behind it comes next.
            gain = np.where(chosen, -np.inf, -_behind(costs, expected, front))
        best = int(gain.argmax())
        chosen[best] = True
        front = problem.front(
            np.concatenate((front.architectures, rows[best][None])),
            np.append(front.scores, expected[best]),
        )
    return rows[chosen]


def _gains(
    costs: NDArray[np.float64],
    scores: NDArray[np.float64],
    front: Front,
    corner: tuple[float, float],
) -> NDArray[np.float64]:
    """(N,) the area that each (cost, score) adds to a front, up to a cost and above a score."""
    dearest, least = corner
    starts = np.concatenate(([-np.inf], front.costs))
    ends = np.append(front.costs, dearest)
    below = np.concatenate(([least], front.scores))
    widths = np.maximum(0.0, ends - np.maximum(starts, costs[:, None]))
    gained: NDArray[np.float64] = (widths * np.maximum(0.0, scores[:, None] - below)).sum(axis=1)
    return gained


def _behind(
    costs: NDArray[np.float64], scores: NDArray[np.float64], front: Front
) -> NDArray[np.float64]:
    """(N,) by how much each score is below the front's at its cost."""
    at_cost = np.searchsorted(front.costs, costs, side="right") - 1
    distance: NDArray[np.float64] = front.scores[np.maximum(at_cost, 0)] - scores
    return distance
