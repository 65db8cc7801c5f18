"""The smallest and the largest network of a space."""

from collections.abc import Callable

import numpy as np

from hwnas.objectives.costs import MACS, block_macs
from hwnas.spaces.family import Space
from hwnas.spaces.space import Architectures, SearchSpace

_Best = Callable[[list[int]], int]


def smallest(space: Space, *, resolution: int | None = None) -> Architectures:
    """(L,) the canonical architecture of the fewest MACs in every slot: skips where there are.

    Args:
        space: a space; of a family, the member of the fewest.
        resolution: whose members count; all where it is None.

    Raises:
        ValueError: no network of the space has the resolution.
    """
    return _by_macs(space, resolution, min)


def largest(space: Space, *, resolution: int | None = None) -> Architectures:
    """(L,) the canonical architecture of the most MACs in every slot, see `smallest`."""
    return _by_macs(space, resolution, max)


def _by_macs(space: Space, resolution: int | None, best: _Best) -> Architectures:
    numbers = range(len(space.members)) if resolution is None else space.at(resolution)
    found: list[Architectures] = [
        space.rows_of(number, _of_member(space.members[number], best))[0] for number in numbers
    ]
    if len(found) == 1:
        return found[0]
    macs = MACS.evaluate(space.networks(np.stack(found))).astype(int).tolist()
    row: Architectures = found[macs.index(best(macs))]
    return row


def _of_member(space: SearchSpace, best: _Best) -> Architectures:
    macs = [list(map(block_macs, slot.choices)) for slot in space.slots]
    row: Architectures = space.canonical(np.array([each.index(best(each)) for each in macs]))[0]
    return row
