"""ChoiceSpace: what a searcher sees of a space, its choices without their blocks."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hwnas.spaces.space import Architectures


class ChoiceSpace(Protocol):
    """Slots with choices, which choice may follow which, and which architectures are equal."""

    @property
    def name(self) -> str:
        """For messages."""

    @property
    def choice_counts(self) -> NDArray[np.int64]:
        """(L,) choices of each slot."""

    def allowed(self, slot: int) -> NDArray[np.bool_]:
        """(choices before, choices of slot): the canonical transitions; one row for slot 0."""

    def canonical(self, architectures: Architectures) -> Architectures:
        """(N, L): the canonical form of each architecture."""

    def check(self, architectures: Architectures) -> Architectures:
        """The same as an (N, L) integer array.

        Raises:
            ValueError: wrong length or a choice that does not exist.
        """

    def sample(self, generator: np.random.Generator, count: int) -> Architectures:
        """(count, L) random canonical architectures."""
