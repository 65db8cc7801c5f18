"""Factors of the choices of a space: what its blocks differ in, told apart by stage."""

from dataclasses import fields
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from hwnas.networks.blocks import Block, Skip
from hwnas.search.policies.choices import FlatChoices
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.family import SpaceFamily
from hwnas.spaces.space import SearchSpace, Slot


def factors(space: ChoiceSpace) -> NDArray[np.float64]:
    """(T, F) a 1 where one of the T choices of all slots has one of F values of a factor.

    The factors of a stage are the fields in which its blocks differ (kernel, expansion,
    squeeze-excite), and whether there is a block. Its slots share them, the first with a stride,
    too: of numbers of channels their order among the slot's choices counts. What is no block, as
    the choice of a resolution, and slots whose choices no factors tell apart, keep a value for each
    choice.
    """
    choices = FlatChoices(space.choice_counts)
    slots: list[Slot | None] = [None] * len(space.choice_counts)
    if isinstance(space, SpaceFamily):
        slots[1:] = space.members[0].slots
    elif isinstance(space, SearchSpace):
        slots = list(space.slots)
    columns: dict[tuple[Any, ...], int] = {}
    placed = []
    for number, slot in enumerate(slots):
        rows = None if slot is None else _values(slot)
        for choice in range(int(choices.counts[number])):
            stage = ("slot", number) if slot is None or rows is None else ("stage", slot.stage)
            values = [("choice", choice)] if rows is None else rows[choice]
            placed.append([columns.setdefault((*stage, *value), len(columns)) for value in values])
    matrix = np.zeros((choices.total, len(columns)))
    for place, found in enumerate(placed):
        matrix[place, found] = 1.0
    return matrix


def _values(slot: Slot) -> list[list[tuple[str, Any]]] | None:
    """The value of each factor that each choice has; None where they do not tell choices apart."""
    blocks = [block for block in slot.choices if not isinstance(block, Skip)]
    names = [
        field.name
        for field in (fields(cast(Any, blocks[0])) if blocks else ())
        if all(type(block) is type(blocks[0]) for block in blocks)
        and len({getattr(block, field.name) for block in blocks}) > 1
    ]
    for coarse in (True, False):
        ordered = {name: _ordered(blocks, name, coarse) for name in names}
        varied = [name for name in names if len(set(ordered[name])) > 1]
        found = [[(n, ordered[n][number]) for n in varied] for number in range(len(blocks))]
        if len({tuple(each) for each in found}) == len(blocks):
            break
    else:
        return None
    if slot.can_skip:
        return [[("block", False)], *([("block", True), *each] for each in found)]
    return found


def _ordered(blocks: list[Block], name: str, coarse: bool) -> list[int]:
    """The place of each block's value among those of all; of gates, whether there is one."""
    values = [getattr(block, name) for block in blocks]
    if coarse and name in type(blocks[0]).may_be_zero:
        values = [bool(value) for value in values]
    known = sorted(set(values), key=lambda value: (isinstance(value, str), value))
    return [known.index(value) for value in values]
