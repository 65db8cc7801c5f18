"""Front: the feasible non-dominated networks, and how good a front is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.spaces.space import Architectures

_ROUNDING = 1e-9  # of sums of values from 0 to 1


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


@dataclass(frozen=True)
class FoundFront:
    """A front, and how it was found.

    Attributes:
        front: the networks.
        exact: whether nothing better can exist.
        how: the same for people, a clause without a full stop.
    """

    front: Front
    exact: bool
    how: str


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
    return dominated_share(
        np.column_stack((front.costs, -front.scores)),
        ideal=np.array((ideal[0], -ideal[1])),
        reference=np.array((reference[0], -reference[1])),
    )


def dominated_share(
    points: NDArray[np.float64], *, ideal: NDArray[np.float64], reference: NDArray[np.float64]
) -> float:
    """The share of a box that points (N, M) dominate, 0 to 1; less is better in each of M values.

    Args:
        points: what is rated; those beyond the reference count nothing.
        ideal: (M,) the corner of the box that nothing is better than.
        reference: (M,) the corner that nothing of interest is worse than.
    """
    import moocore  # 0.2 s, for reports only

    span = reference - ideal
    if (span <= 0).any():
        raise ValueError("the reference must be worse than the ideal in every value")
    if not len(points):
        return 0.0
    return float(moocore.hypervolume((points - ideal) / span, ref=np.ones(len(span))))


def knee(front: Front) -> int | None:
    """The index of the front's knee, see `knee_of`."""
    return knee_of(np.column_stack((front.costs, -front.scores)))


def knee_of(points: NDArray[np.float64]) -> int | None:
    """The index of the knee of non-dominated points (N, M), less is better in each of M values.

    Beyond the knee, a little more of one value costs much of another. It is the point farthest
    from the hyperplane through the ends of the front, on its better side, each value scaled to
    the span of the front (Das 1999, "On characterizing the 'knee' of the Pareto curve based on
    normal-boundary intersection"; for two values, of a curve instead of a front, what Satopää et
    al. 2011 call "kneedle"). For more than two values the hyperplane is taken to meet all axes
    alike, whatever the ends are, as normal-boundary intersection does with its quasi-normal.

    None where no point is better than the ends: a front of two networks, or one that bulges
    inwards all along.
    """
    if len(points) < points.shape[1] + 1:
        return None
    least = points.min(axis=0)
    span = points.max(axis=0) - least
    # The distance from that hyperplane, up to a factor and a constant that all points share.
    sums = ((points - least) / np.where(span > 0, span, 1.0)).sum(axis=1)
    farthest = int(sums.argmin())
    return farthest if sums[farthest] < sums[points.argmin(axis=0)].min() - _ROUNDING else None
