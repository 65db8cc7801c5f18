"""Continuations: which choices of a slot can be followed by the same, at the same steps.

Paths that lead to such choices can be compared: what makes one better now does so in the end.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Following = tuple[tuple[int, NDArray[np.int64]], ...]
"""Numbers, and the choices of the next slot that have each."""

Steps = Sequence[NDArray[np.float64]]
"""L arrays (S or 1, P or 1, C) of a trellis: sheets, choices of the slot before, choices."""


class Continuations:
    """Numbers that are equal for choices of a slot with the same continuations.

    The same choices may follow them, and then add the same, whatever led there.

    Attributes:
        numbers: L arrays (S, C), by sheet and choice.
    """

    def __init__(self, allowed: Sequence[NDArray[np.bool_]], steps: Sequence[Steps]) -> None:
        """Numbers the choices.

        Args:
            allowed: L arrays (P, C), which choice may follow which.
            steps: those of each trellis.
        """
        self._allowed, self._steps = allowed, steps
        self._sheets = max(len(step) for each in steps for step in each)
        self.numbers = [self._numbered(slot) for slot in range(len(allowed))]
        self._following: dict[tuple[int, int, int], Following] = {}

    def number(self, slot: int, sheet: int, choice: int) -> int:
        """The number of a choice of a slot, on a sheet."""
        return int(self.numbers[slot][sheet if self._sheets > 1 else 0, choice])

    def following(self, slot: int, sheet: int, before: int) -> Following:
        """The choices of `slot` that may follow a choice of the slot before, by their number.

        For the first slot `before` is 0; where it decides about the sheet, each choice is its own.
        """
        key = (slot, sheet, before)
        if key not in self._following:
            parts: dict[int, list[int]] = {}
            for choice in np.flatnonzero(self._allowed[slot][before]).tolist():
                on = choice if slot == 0 else sheet
                parts.setdefault(self.number(slot, on, choice), []).append(choice)
            self._following[key] = tuple((n, np.array(choices)) for n, choices in parts.items())
        return self._following[key]

    def _numbered(self, slot: int) -> NDArray[np.int64]:
        """(S, C)."""
        choices = self._allowed[slot].shape[1]
        if slot + 1 == len(self._allowed):
            return np.zeros((self._sheets, choices), dtype=np.int64)
        steps = [each[slot + 1] for each in self._steps]
        coupled = [sheet for step in steps if step.shape[1] > 1 for sheet in step]
        onward = np.concatenate([self._allowed[slot + 1], *coupled], axis=1)
        known: dict[bytes, int] = {}
        numbers = [known.setdefault(row.tobytes(), len(known)) for row in onward]
        grouped: NDArray[np.int64] = np.arange(self._sheets)[:, None] * len(known) + numbers
        return grouped
