"""Trainable: what the trainer trains."""

from abc import abstractmethod

from torch import nn

from hwnas.networks.conventions import USUAL, Conventions


class Trainable(nn.Module):
    """A module with an identity: a supernet, a part of one, or a single network.

    Attributes:
        start: which weights it began with, a hash; "" for random ones.
        conventions: what its weights rely on, the mean and std of its input among it.
    """

    start: str = ""
    conventions: Conventions = USUAL

    @property
    @abstractmethod
    def identity(self) -> str:
        """A text that is equal exactly for modules of equal blocks that share weights alike."""

    @property
    @abstractmethod
    def classes(self) -> int:
        """Of the labels in its images."""
