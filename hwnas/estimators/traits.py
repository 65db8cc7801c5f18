"""The traits of a space's choices: whether a block is there, its expansion, its kernel."""

import numpy as np
from numpy.typing import NDArray

from hwnas.networks.blocks import Block, Skip
from hwnas.spaces.family import Space

OF_A_BLOCK = 3
"""Traits of each block."""


def choice_traits(space: Space) -> list[NDArray[np.float64]]:
    """L arrays (C, F): the traits of every choice of every slot.

    Of a family the first slot, which chooses the member, has a column for each; the blocks are
    those of the first member, since those of the others are alike.
    """
    slots = space.members[0].slots
    members = [np.eye(len(space.members))] * (len(space.choice_counts) - len(slots))
    return [*members, *(np.array([_traits(one) for one in slot.choices]) for slot in slots)]


def _traits(block: Block) -> tuple[float, float, float]:
    """1 for a block, its expansion and its largest kernel; of a skip zeros."""
    if isinstance(block, Skip):
        return 0.0, 0.0, 0.0
    layers = block.layers()
    widest = max((layer.out_channels for layer in layers[:-1]), default=block.in_channels)
    return 1.0, widest / block.in_channels, float(max(layer.kernel for layer in layers))
