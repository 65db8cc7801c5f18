"""The choices of all slots in a row: what is known of each is one array."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from hwnas.spaces.space import Architectures

Number = TypeVar("Number", bound=np.generic)


class FlatChoices:
    """Where each choice of each slot stands in an array of all T of them.

    Attributes:
        counts: (L,) choices of each slot.
        starts: (L,) where the choices of each slot begin.
        total: T.
        slots: (T,) the slot of each choice.
    """

    def __init__(self, counts: NDArray[np.int64]) -> None:
        """Takes the choices (L,) of each slot."""
        self.counts = counts
        self.starts = np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.int64)
        self.total = int(counts.sum())
        self.slots = np.repeat(np.arange(len(counts)), counts)

    def places(self, architectures: Architectures) -> NDArray[np.int64]:
        """(N, L) where the choices of architectures (N, L) stand."""
        places: NDArray[np.int64] = architectures + self.starts
        return places

    def of(self, slot: int, array: NDArray[Number]) -> NDArray[Number]:
        """(C,) the part of an array (T,) that is of a slot."""
        start = self.starts[slot]
        return array[start : start + self.counts[slot]]

    def split(self, array: NDArray[Number]) -> list[NDArray[Number]]:
        """L arrays (C,) of an array (T,)."""
        return np.split(array, self.starts[1:])

    def sums(
        self, architectures: Architectures, weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """(T,) the weights (N,) of architectures (N, L), added up by choice."""
        repeated = np.repeat(weights, architectures.shape[1])
        places = self.places(architectures).reshape(-1)
        found = np.bincount(places, weights=repeated, minlength=self.total)
        return found.astype(np.float64)

    def softmax(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """(T,) probabilities, which add up to 1 in each slot, of logits (T,)."""
        greatest = np.maximum.reduceat(logits, self.starts)
        powers = np.exp(logits - greatest[self.slots])
        found: NDArray[np.float64] = powers / np.add.reduceat(powers, self.starts)[self.slots]
        return found
