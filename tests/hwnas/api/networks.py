"""What the tests of the front door share: latencies that nothing has measured, and a score."""

import numpy as np

from hwnas.latency.correction import Correction
from hwnas.latency.model import LatencyModel
from hwnas.latency.validation import Validation
from hwnas.networks.blocks import Network, block_key
from hwnas.objectives.costs import block_macs
from hwnas.spaces import SearchSpace


def latency_of(space: SearchSpace, ms_per_million_macs: float = 1.0) -> LatencyModel:
    """Latencies in proportion to MACs, of the reference's blocks too."""
    from hwnas.spaces.references.of_space import reference_of

    blocks = [*space.blocks(), *(reference_of(space) or ())]
    ms = {block_key(block): ms_per_million_macs * block_macs(block) / 1e6 for block in blocks}
    good = Validation.of(np.ones(2), np.ones(2), [np.ones(2), np.ones(2)])
    return LatencyModel(ms, Correction("sum of blocks"), good)


def channels(networks: list[Network]) -> list[int]:
    """A score: the channels of every block, added up."""
    return [sum(block.out_channels for block in network) for network in networks]
