"""What a small accelerator without a cache is short of: memory traffic, and code for operators."""

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hwnas.networks.blocks import Block, Network
from hwnas.objectives.objective import AdditiveObjective, Direction, Units


def block_traffic(block: Block) -> float:
    """Bytes in int8 that the layers of a block read and write: maps and weights."""
    read = (layer.in_channels * layer.resolution**2 for layer in block.layers())
    written = (layer.out_channels * layer.out_resolution**2 for layer in block.layers())
    weights = (math.prod(layer.weight_shape) for layer in block.layers())
    return float(sum(read) + sum(written) + sum(weights))


# A sum over blocks: laid over the space, searched exactly, its range known before a search.
TRAFFIC = AdditiveObjective(
    "traffic", "bytes", block_traffic, units=Units({"B": 1.0, "KB": 1e3, "MB": 1e6}, "3 MB")
)


class Operators:
    """How many different convolutions a network has: each takes code, however often it is used.

    No sum over blocks, since they share them: a budget on it is tested network by network.
    """

    name: ClassVar[str] = "operators"
    unit: ClassVar[str] = "operators"
    direction: ClassVar[Direction] = "minimize"
    units: ClassVar[Units] = Units({"": 1.0}, "12")

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) the numbers of N networks."""
        found = [
            {
                (layer.kernel, layer.stride, layer.groups > 1)
                for block in network
                for layer in block.layers()
            }
            for network in networks
        ]
        return np.array([len(kinds) for kinds in found], dtype=np.float64)
