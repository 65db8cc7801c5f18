"""What is held of each choice at moments on the way: while a supernet is trained, or a search."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOMENTS, HISTORY = "moments", "history"
"""The names of a history's arrays, where a training keeps them among others."""

MOST_MOMENTS = 100
"""So many are kept, since a file and a page hold them all."""


@dataclass(frozen=True, eq=False)
class ValueHistory:
    """Values at M moments.

    Attributes:
        moments: (M,) rising: epochs that were done, or networks that were judged.
        values: (M, T) of the choices of all slots in a row, in single precision.
    """

    moments: NDArray[np.int64]
    values: NDArray[np.float32]

    @classmethod
    def empty(cls, total: int) -> "ValueHistory":
        """Before the first moment, of T choices."""
        return cls(np.zeros(0, dtype=np.int64), np.zeros((0, total), dtype=np.float32))

    @classmethod
    def of(cls, moments: NDArray[Any], values: NDArray[Any], total: int) -> "ValueHistory":
        """The same of arrays that were stored.

        Raises:
            ValueError: they are no history of T choices.
        """
        formed = moments.ndim == 1 and values.shape == (len(moments), total)
        numbers = moments.dtype == np.int64 and values.dtype == np.float32
        if not formed or not numbers:
            raise ValueError("there is not one number for each choice and moment")
        if (np.diff(moments, prepend=0) <= 0).any():
            raise ValueError("the moments do not rise")
        return cls(moments, values)

    def added(self, moment: int, values: Sequence[NDArray[np.float64]]) -> "ValueHistory":
        """With L arrays (C,) of a later moment; the same where that is there."""
        if len(self.moments) and moment <= self.moments[-1]:
            return self
        row = np.concatenate(values).astype(np.float32)[None]
        return ValueHistory(np.append(self.moments, moment), np.concatenate((self.values, row)))


def is_kept(moment: int, end: int) -> bool:
    """Whether a moment, 1 to `end`, is one of at most a hundred that are kept; the last one is."""
    return moment == end or moment % -(-end // MOST_MOMENTS) == 0
