"""Trainable: what the trainer trains."""

from abc import abstractmethod

from torch import nn


class Trainable(nn.Module):
    """A module with an identity: a supernet, a part of one, or a single network.

    Attributes:
        start: which published weights it began with, a hash; "" for random ones.
    """

    start: str = ""

    @property
    @abstractmethod
    def identity(self) -> str:
        """A text that is equal exactly for modules of equal blocks that share weights alike."""

    @property
    @abstractmethod
    def classes(self) -> int:
        """Of the labels in its images."""
