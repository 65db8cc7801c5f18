"""Several fronts of one problem side by side: who found how much of what all found together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwnas.objectives.objective import pareto_order
from hwnas.search.front import Front, hypervolume

Corner = tuple[float, float]
"""(cost, score)"""


@dataclass(frozen=True)
class Standing:
    """How one front stands against all joined.

    Attributes:
        on_joined: how many networks of the joined front it has, or has equals of.
        hypervolume: the share of the common box that it dominates, None where there is no box. The
            costliest and the worst network of all lie on the box's edge and add nothing.
    """

    on_joined: int
    hypervolume: float | None


@dataclass(frozen=True)
class Standings:
    """Fronts in a box that is common to them.

    Attributes:
        joined: the front of all of them; of equal points that of the first.
        box: its (ideal, reference): the least cost and the best score of any front, and the
            largest cost and the worst score; None where they do not differ in both.
        each: the standing of each front, in their order.
        together: that of the joined front.
    """

    joined: Front
    box: tuple[Corner, Corner] | None
    each: tuple[Standing, ...]
    together: Standing


def standings(fronts: Sequence[Front]) -> Standings:
    """Compares one front or more of one problem; any of them may be empty."""
    joined = _join(fronts)
    box = _box(fronts)
    known = set(_points(joined))

    def standing(front: Front) -> Standing:
        volume = hypervolume(front, ideal=box[0], reference=box[1]) if box else None
        return Standing(sum(point in known for point in _points(front)), volume)

    return Standings(joined, box, tuple(map(standing, fronts)), standing(joined))


def _join(fronts: Sequence[Front]) -> Front:
    architectures = np.concatenate([front.architectures for front in fronts])
    scores = np.concatenate([front.scores for front in fronts])
    costs = np.concatenate([front.costs for front in fronts])
    order = pareto_order(costs, scores)
    return Front(architectures[order], scores[order], costs[order])


def _box(fronts: Sequence[Front]) -> tuple[Corner, Corner] | None:
    points = [point for front in fronts for point in _points(front)]
    if not points:
        return None
    costs, scores = zip(*points, strict=True)
    ideal, reference = (min(costs), max(scores)), (max(costs), min(scores))
    return (ideal, reference) if ideal[0] < reference[0] and ideal[1] > reference[1] else None


def _points(front: Front) -> list[Corner]:
    return list(zip(front.costs.tolist(), front.scores.tolist(), strict=True))
