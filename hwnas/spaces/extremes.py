"""The smallest and the largest network of a space."""

from collections.abc import Callable

import numpy as np

from hwnas.objectives.costs import block_macs
from hwnas.spaces import Architectures, SearchSpace


def smallest(space: SearchSpace) -> Architectures:
    """(L,) the canonical architecture of the fewest MACs in every slot: skips where there are."""
    return _by_macs(space, min)


def largest(space: SearchSpace) -> Architectures:
    """(L,) the canonical architecture of the most MACs in every slot."""
    return _by_macs(space, max)


def _by_macs(space: SearchSpace, best: Callable[[list[int]], int]) -> Architectures:
    macs = [[block_macs(block) for block in slot.choices] for slot in space.slots]
    row: Architectures = space.canonical(np.array([each.index(best(each)) for each in macs]))[0]
    return row
