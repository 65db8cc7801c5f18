"""What a score that is a sum holds of each choice alone."""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from hwnas.search.trellis import Trellis

Over = Literal["", "neighbours", "sizes", "paths"]
"""What the values of choices are means over: neighbouring slots, the members of a family, the paths
of a stage; "" where a choice has one value, whatever the others are."""


@dataclass(frozen=True)
class ChoiceEffects:
    """A value for each choice of each slot.

    Attributes:
        values: L arrays (C,).
        over: what they are means over.
    """

    values: list[NDArray[np.float64]]
    over: Over = ""


@runtime_checkable
class SumOfChoices(Protocol):
    """A score that is put together from values of choices, or of few choices at once."""

    @property
    def effects(self) -> ChoiceEffects | None:
        """The value of each choice; None where these are put together otherwise than added."""


def effects_of(trellis: Trellis) -> ChoiceEffects | None:
    """The steps of a sum; of steps that depend on other slots, too, the means over these.

    None where the steps are not added.
    """
    if trellis.combine is not np.add:
        return None
    values = [step.mean(axis=(0, 1)) for step in trellis.steps]
    coupled = [step.shape[1] > 1 for step in trellis.steps]
    for slot in np.flatnonzero(coupled).tolist():
        before = trellis.steps[slot].mean(axis=(0, 2))
        values[slot - 1] = values[slot - 1] + before - before.mean()
    sheets = [step.mean(axis=(1, 2)) for step in trellis.steps if len(step) > 1]
    for sheet in sheets:
        values[0] = values[0] + sheet - sheet.mean()
    if sheets:
        return ChoiceEffects(values, "sizes")
    return ChoiceEffects(values, "neighbours" if any(coupled) else "")
