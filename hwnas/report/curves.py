"""How a run's training went, from its log for TensorBoard."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite
from pathlib import Path
from statistics import median

from hwnas.runs.tracking.tracker import Point

_POINTS = 500
# Values come at an even pace: where one took so many times longer, the training was interrupted.
_PAUSE = 20


@dataclass(frozen=True)
class Curves:
    """Scalars of a training by their names, each as (step, value) in order.

    Attributes:
        scalars: theirs; what was interrupted and done again is there once.
        seconds: about how long it trained, without its interruptions.
    """

    scalars: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    seconds: float = 0.0


def drawn_curves(folder: Path) -> Curves:
    """What the event files of a folder hold; nothing where there are none."""
    if not folder.is_dir():
        return Curves()
    from hwnas.runs.tracking.curves import read_curves  # its reader imports PyTorch

    points = read_curves(folder)
    found: dict[str, dict[int, float]] = {}
    for point in points:
        if isfinite(point.value):  # those of a training that diverged have no place in a chart
            found.setdefault(point.name, {})[point.step] = point.value
    return Curves({name: _thinned(values) for name, values in found.items()}, _seconds(points))


def _seconds(points: Sequence[Point]) -> float:
    times = sorted({point.time for point in points})
    gaps = [later - earlier for earlier, later in pairwise(times)]
    usual = [gap for gap in gaps if gap > 0.01]  # the values of one step are written at once
    return sum(gap for gap in gaps if gap <= _PAUSE * median(usual)) if usual else 0.0


def _thinned(values: dict[int, float]) -> list[tuple[int, float]]:
    """In the order of steps, some hundred at most."""
    points = sorted(values.items())
    every = -(-len(points) // _POINTS) or 1
    return [*points[:-1:every], *points[-1:]]
