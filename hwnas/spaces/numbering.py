"""How the choices of a space are numbered, in words: what `architecture` means in a CSV."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from hwnas.core.foreign_text import shown
from hwnas.networks.blocks import Network
from hwnas.spaces.family import Space
from hwnas.spaces.shrunk import kept_of, whole_of
from hwnas.spaces.space import Architectures

ORDER = (
    "choices are numbered from 0: the skip first, where there is one; then kernels × expansions, "
    "of which the expansion varies fastest, or the list of blocks; squeeze-excite varies slowest"
)

SHORT_WORDS = (
    "k: kernel, a: that before the expansion, e: expansion, se: squeeze-excite, same: padded as in "
    "TensorFlow; 16→24 @112 s2: channels, input in pixels, stride"
)
SLOTS_HEADER = ["slots", "stage", "blocks", "choices"]
"""The columns of `slot_rows`."""


@dataclass(frozen=True)
class NumberedSlots:
    """Consecutive slots of equal choices.

    Attributes:
        first, last: their positions in an architecture, from 1.
        stage: of the space, from 1.
        shape: what goes in and comes out, as in "16→24 @112 s2".
        choices: what each number stands for, as in "k3 e6 se".
        numbers: that they are called by: from 0, and of what is left of a space those of the whole.
    """

    first: int
    last: int
    stage: int
    shape: str
    choices: tuple[str, ...]
    numbers: tuple[int, ...]


def numbered_members(space: Space) -> list[dict[str, int | float]]:
    """The resolution and the width of each choice of a family's first slot; none of one space."""
    if len(space.members) == 1:
        return []
    return [
        {"choice": choice, "resolution": one.resolution, "width": one.width}
        for choice, one in enumerate(space.members)
    ]


def numbered_slots(space: Space) -> list[NumberedSlots]:
    """The slots of a space in their order, those of equal choices together.

    Those of a family, whose first slot is its members, are of the largest of these.
    """
    found = []
    member = space.members[-1]
    first = 1 + len(space.choice_counts) - len(member.slots)
    numbered = enumerate(zip(member.slots, kept_of(space), strict=True), start=first)
    for (slot, numbers), group in groupby(numbered, key=lambda pair: pair[1]):
        places = [place for place, _ in group]
        block = slot.choices[-1]
        stride = getattr(block, "stride", 1)
        shape = f"{block.in_channels}→{block.out_channels} @{block.resolution}"
        choices = tuple(block.choice_name for block in slot.choices)
        found.append(
            NumberedSlots(
                places[0],
                places[-1],
                slot.stage + 1,
                f"{shape} s{stride}" if stride > 1 else shape,
                choices,
                numbers,
            )
        )
    return found


def slot_rows(slots: Sequence[NumberedSlots]) -> list[list[str]]:
    """A row for slots of equal choices, each choice with its number."""
    return [
        [
            str(one.first) if one.first == one.last else f"{one.first}–{one.last}",
            str(one.stage),
            one.shape,
            ", ".join(map(_unbroken, one.numbers, one.choices)),
        ]
        for one in slots
    ]


def _unbroken(number: int, text: str) -> str:
    """A choice that is not divided between two lines."""
    return f"{number}: {text}".replace(" ", "\u00a0")


def read_architecture(space: Space, text: str) -> list[int]:
    """The canonical choices of an architecture as people write it: a number for each slot.

    Of what is left of a space, people write the numbers of the whole.

    Raises:
        ValueError: another number of them, or one that is not a choice of its slot, or not left.
    """
    row: list[int] = space.of_numbers(np.array([read_numbers(space, text)]))[0].tolist()
    return row


def architecture_text(space: Space, architecture: Architectures) -> str:
    """An architecture (L,) as people write it, see `read_architecture`."""
    return " ".join(map(str, space.numbers_of(architecture)[0].tolist()))


def read_numbers(space: Space, text: str) -> list[int]:
    """The numbers of an architecture as people write it, of choices that are left or were there.

    Raises:
        ValueError: another number of them, or one that is not a choice of its slot.
    """
    words, counts = text.split(), whole_of(space).choice_counts.tolist()
    if len(words) != len(counts):
        raise ValueError(
            f"'{shown(text)}' names {len(words)} choices, but {space.name} has {len(counts)} "
            "slots; write a choice for each, separated by spaces"
        )
    for slot, (word, count) in enumerate(zip(words, counts, strict=True), start=1):
        if not re.fullmatch("[0-9]{1,9}", word) or int(word) >= count:
            raise ValueError(
                f"'{shown(word)}' is not a choice of slot {slot} of {space.name}; its choices are "
                f"0 to {count - 1} ('hwnas space show' says what they are)"
            )
    return [int(word) for word in words]


def network_of(space: Space, text: str) -> Network:
    """The network of an architecture as people write it, see `read_architecture`."""
    return space.network(np.array(read_architecture(space, text)))
