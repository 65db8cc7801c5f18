"""Labels: the paths that a dynamic programme over a trellis keeps behind one slot."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Labels:
    """N paths to the choices of one slot.

    Attributes:
        costs: (M, N) what the path costs.
        scores: (N,) what it scores.
        choices: (N,) its choice in this slot.
        parents: (N,) its label behind the slot before.
        sheets: (N,) its choice in the first slot.
    """

    costs: NDArray[np.float64]
    scores: NDArray[np.float64]
    choices: Indices
    parents: Indices
    sheets: Indices

    @classmethod
    def start(cls, score: Trellis, costs: Sequence[Trellis]) -> "Labels":
        """The one empty path."""
        origin = np.zeros(1, dtype=np.int64)
        constants = np.array([[cost.constant] for cost in costs])
        return cls(constants, np.array([score.constant]), origin, origin, origin)

    def take(self, index: Indices) -> "Labels":
        """The labels of the given positions."""
        return Labels(
            self.costs[:, index], self.scores[index], self.choices[index],
            self.parents[index], self.sheets[index],
        )  # fmt: skip

    def extended(self, slot: int, score: Trellis, costs: Sequence[Trellis]) -> "Labels":
        """Every label with every choice of the next slot that may follow it.

        Choice by choice, so that labels in the order of their costs become few ascending runs.
        """
        # The transposed mask lists one choice after the other.
        choices, parents = np.nonzero(score.allowed[slot][self.choices].T)
        before = self.choices[parents]
        sheets = choices if slot == 0 else self.sheets[parents]
        values = np.empty((len(costs), len(parents)))
        for index, cost in enumerate(costs):
            added = cost.added(slot, sheets, before, choices)
            cost.combine(self.costs[index][parents], added, out=values[index])
        scores = self.scores[parents] + score.added(slot, sheets, before, choices)
        return Labels(values, scores, choices, parents, sheets)


def continuations(trellises: Sequence[Trellis], slot: int) -> NDArray[np.int64]:
    """(S, C) numbers that are equal where a sheet's choice of a slot has the same ways onward.

    Such choices may be followed by the same choices, which then add the same, whatever led there.
    Only labels of equal numbers can be compared.
    """
    choices = trellises[0].steps[slot].shape[2]
    sheets = max(trellis.sheets for trellis in trellises)
    if slot + 1 == len(trellises[0].steps):
        return np.zeros((sheets, choices), dtype=np.int64)
    coupled = [t.steps[slot + 1] for t in trellises if t.steps[slot + 1].shape[1] > 1]
    ways = np.concatenate(
        [trellises[0].allowed[slot + 1], *(s for c in coupled for s in c)], axis=1
    )
    known: dict[bytes, int] = {}
    numbers = np.array([known.setdefault(way.tobytes(), len(known)) for way in ways])
    groups: NDArray[np.int64] = np.arange(sheets)[:, None] * len(known) + numbers
    return groups


def rebuilt(layers: Sequence[Labels]) -> Architectures:
    """(N, L): the choices along the back-pointers of the last layer's labels."""
    rows = np.empty((len(layers[-1].scores), len(layers)), dtype=np.int64)
    index = np.arange(len(rows))
    for slot in range(len(layers) - 1, -1, -1):
        rows[:, slot] = layers[slot].choices[index]
        index = layers[slot].parents[index]
    return rows
