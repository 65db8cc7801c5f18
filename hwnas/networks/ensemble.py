"""Ensemble: networks that share their first blocks, and whose probabilities are averaged."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

from hwnas.networks.blocks import Block, Network, check_network

LEAST_PROBABILITY = 1e-30
"""What an averaged probability counts as at least, before its logarithm is taken."""


@dataclass(frozen=True)
class Ensemble:
    """A trunk that runs once, and what each member computes of its output.

    The output is the logarithm of the mean of the members' probabilities (softmax of their logits):
    softmax of it gives that mean, so that who takes logits of a network can take it as they are.

    Attributes:
        trunk: the blocks that all members share, weights and all; none where each runs from the
            image on.
        tails: the further blocks of each member, at least two, to its logits.
    """

    trunk: Network
    tails: tuple[Network, ...]

    def __post_init__(self) -> None:
        """Checks that the members are networks that take the same images.

        Raises:
            ValueError: they are not.
        """
        if len(self.tails) < 2:
            raise ValueError("an ensemble needs at least two members")
        if not all(self.tails):
            raise ValueError("every member needs a block of its own at its end")
        for member in self.members:
            check_network(member)
            if not member[-1].gives_logits:
                raise ValueError("every member must end with logits")
        for what in ("resolution", "in_channels"):
            if len({getattr(member[0], what) for member in self.members}) > 1:
                raise ValueError(f"the first blocks of the members have another {what} each")
        if len({member[-1].out_channels for member in self.members}) > 1:
            raise ValueError("the members tell other numbers of classes apart")

    @classmethod
    def of(cls, members: Sequence[Network], shared: int = 0) -> Self:
        """The ensemble of networks of which the first so many blocks are shared.

        Raises:
            ValueError: those differ, or see `Ensemble`.
        """
        trunk = members[0][:shared] if members else ()
        if any(member[:shared] != trunk for member in members):
            raise ValueError(f"the first {shared} blocks of the members are not the same")
        return cls(trunk, tuple(member[shared:] for member in members))

    @property
    def members(self) -> tuple[Network, ...]:
        """Each member as a network of its own."""
        return tuple(self.trunk + tail for tail in self.tails)

    @property
    def blocks(self) -> Network:
        """Every block as often as it runs: what costs of blocks add up over.

        Those of the trunk, then those of each tail.
        """
        return (*self.trunk, *chain.from_iterable(self.tails))

    @property
    def first(self) -> Block:
        """A block that takes the images."""
        return (self.trunk or self.tails[0])[0]

    @property
    def classes(self) -> int:
        """Of the logits of each member."""
        return self.tails[0][-1].out_channels
