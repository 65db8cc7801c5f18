"""A score that is known of every network of a space, one by one."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwnas.spaces.space import Architectures


@dataclass(frozen=True, eq=False)
class ListedScore:
    """Scores to look up.

    Attributes:
        rows: (N, L) all canonical architectures of a space.
        scores: (N,) theirs, to be maximised.
    """

    rows: Architectures
    scores: NDArray[np.float64]

    def evaluate(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) scores of canonical architectures (N, L).

        Raises:
            KeyError: one is not listed.
        """
        rows = np.ascontiguousarray(architectures, dtype=np.int64)
        return self.scores[[self._places[row.tobytes()] for row in rows]]

    @cached_property
    def _places(self) -> dict[bytes, int]:
        rows = np.ascontiguousarray(self.rows, dtype=np.int64)
        return {row.tobytes(): place for place, row in enumerate(rows)}
