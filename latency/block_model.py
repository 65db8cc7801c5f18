"""BlockModel: overhead + Σ block, corrected from whole networks: what is additive over blocks."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import TableError
from hwnas.latency.correction import Correction
from hwnas.networks.blocks import Block, Network, Skip, block_key


class BlockModel(ABC):
    """Predicts a quantity of networks of measured blocks.

    Attributes:
        correction: what a sum of blocks lacks to a network.
    """

    correction: Correction

    @property
    @abstractmethod
    def measured(self) -> Mapping[str, float]:
        """The measured quantity of each block by its key."""

    @abstractmethod
    def unmeasured(self, key: str) -> str:
        """A sentence with the mend, for a block that was not measured."""

    def block_value(self, block: Block) -> float:
        """What a block adds to a network; 0 for a skip.

        Raises:
            TableError: the block was not measured.
        """
        if isinstance(block, Skip):
            return 0.0
        key = block_key(block)
        if key not in self.measured:
            raise TableError(self.unmeasured(key))
        return self.correction.block_value(block, self.measured[key])

    def free(self, block: Block) -> bool:
        """Whether a block is said to add nothing, though it is no skip."""
        return not isinstance(block, Skip) and not self.block_value(block) > 0

    def predict(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) values of N networks."""
        return np.array(
            [self.correction.overhead + sum(map(self.block_value, n)) for n in networks],
            dtype=np.float64,
        )

    def missing(self, blocks: Sequence[Block]) -> list[Block]:
        """The blocks among these that were not measured."""
        return [b for b in blocks if not isinstance(b, Skip) and block_key(b) not in self.measured]
