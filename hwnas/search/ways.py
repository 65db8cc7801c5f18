"""Which choices of a slot can go on in the same ways: paths to them can be compared."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from hwnas.search.trellis import Trellis

Onward = tuple[tuple[int, NDArray[np.int64]], ...]
"""Numbers, and the choices of the next slot that have each."""


class Ways:
    """Numbers that are equal for choices of a slot that lead on equally.

    The same choices may follow them, and then add the same, whatever led there.

    Attributes:
        numbers: L arrays (S, C), by sheet and choice.
    """

    def __init__(self, trellises: "Sequence[Trellis]") -> None:
        self._trellises = trellises
        self._sheets = max(trellis.sheets for trellis in trellises)
        self.numbers = [self._numbered(slot) for slot in range(len(trellises[0].steps))]
        self._onward: dict[tuple[int, int, int], Onward] = {}

    def number(self, slot: int, sheet: int, choice: int) -> int:
        """The number of a choice of a slot, on a sheet."""
        return int(self.numbers[slot][sheet if self._sheets > 1 else 0, choice])

    def onward(self, slot: int, sheet: int, before: int) -> Onward:
        """The choices of `slot` that may follow a choice of the slot before, by their number.

        For the first slot `before` is 0; where it decides about the sheet, each choice is its own.
        """
        key = (slot, sheet, before)
        if key not in self._onward:
            parts: dict[int, list[int]] = {}
            for choice in np.flatnonzero(self._trellises[0].allowed[slot][before]).tolist():
                on = choice if slot == 0 else sheet
                parts.setdefault(self.number(slot, on, choice), []).append(choice)
            self._onward[key] = tuple((n, np.array(choices)) for n, choices in parts.items())
        return self._onward[key]

    def _numbered(self, slot: int) -> NDArray[np.int64]:
        """(S, C)."""
        choices = self._trellises[0].steps[slot].shape[2]
        if slot + 1 == len(self._trellises[0].steps):
            return np.zeros((self._sheets, choices), dtype=np.int64)
        steps = [t.steps[slot + 1] for t in self._trellises]
        coupled = [sheet for step in steps if step.shape[1] > 1 for sheet in step]
        onward = np.concatenate([self._trellises[0].allowed[slot + 1], *coupled], axis=1)
        known: dict[bytes, int] = {}
        numbers = [known.setdefault(way.tobytes(), len(known)) for way in onward]
        grouped: NDArray[np.int64] = np.arange(self._sheets)[:, None] * len(known) + numbers
        return grouped


def ways_of(trellises: "Sequence[Trellis]") -> Ways:
    """The ways of trellises over one space."""
    if any(step.shape[0] > 1 or step.shape[1] > 1 for t in trellises for step in t.steps):
        return Ways(trellises)
    # Uncoupled ones have the same, and that of the last, a cost, outlives many a score.
    return trellises[-1].ways
