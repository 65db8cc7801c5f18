"""A space with fewer choices: a SearchSpace like others, which knows the whole one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from hwnas.core.digests import digest
from hwnas.networks.blocks import Network
from hwnas.spaces.family import Space, SpaceFamily
from hwnas.spaces.space import Architectures, SearchSpace, Slot, interchangeable

Kept = tuple[tuple[int, ...], ...]
"""The choices of each slot that stay, by their numbers, from the least."""


@dataclass(frozen=True, repr=False)
class ShrunkSpace(SearchSpace):
    """The canonical architectures of a whole space all of whose choices are kept.

    Choices are numbered anew from 0; people and files go on to call them by their numbers in the
    whole space (`numbers_of`). Slots of a stage that were interchangeable may have different
    choices now, and blocks still move to the front of them where a skip stands before: a block that
    the slot in front does not have any more is not there behind a skip either, so that every
    network has one architecture.

    Attributes:
        whole: the space with all choices.
        kept: which of them this one has, each of which at least one network has.
    """

    whole: SearchSpace = field(kw_only=True)
    kept: Kept = field(kw_only=True)

    @property
    @override
    def identity_of_stages(self) -> str:
        # Blocks alone do not say which slots were interchangeable before some choices went.
        own = super().identity_of_stages
        if interchangeable(self.slots) == self.groups:
            return own
        return f"{own}\nskips come last in: {self.groups}"

    @cached_property
    @override
    def groups(self) -> tuple[tuple[int, int], ...]:
        """[start, end) of runs of slots that were interchangeable and can still be skipped."""
        found = []
        for start, end in self.whole.groups:
            left = [slot for slot in range(start, end) if _may_skip(self.slots[slot])]
            if len(left) > 1:
                found.append((left[0], left[-1] + 1))
        return tuple(found)

    @override
    def canonical(self, architectures: Architectures) -> Architectures:
        """(N, L): the canonical form of each architecture, skips last in their stage.

        A block behind a skip moves to the front. Where that slot does not have it, no network of
        the space does, and it is left out.
        """
        result = self.check(architectures).copy()
        every = np.arange(len(result))
        for (start, end), places in zip(self.groups, self._places, strict=True):
            part = result[:, start:end].copy()
            result[:, start:end] = 0
            front = np.zeros(len(result), dtype=np.int64)
            for column, numbers in zip(part.T, self.kept[start:end], strict=True):
                there = places[front, np.array(numbers)[column]]
                moved = every[(column > 0) & (there > 0)]
                result[moved, start + front[moved]] = there[moved]
                front[moved] += 1
        return result

    @cached_property
    def _places(self) -> list[NDArray[np.int64]]:
        """Of each group (slots, choices of the whole): which choice of a slot that is; -1: none."""
        found = []
        for start, end in self.groups:
            places = np.full((end - start, len(self.whole.slots[start].choices)), -1)
            for row, numbers in zip(places, self.kept[start:end], strict=True):
                row[list(numbers)] = np.arange(len(numbers))
            found.append(places)
        return found

    @override
    def network(self, architecture: Architectures) -> Network:
        return super().network(self.canonical(architecture)[0])

    @override
    def architecture(self, network: Network) -> Architectures:
        row: Architectures = self.of_numbers(self.whole.architecture(network))[0]
        return row

    @override
    def numbers_of(self, architectures: Architectures) -> Architectures:
        rows = self.check(architectures)
        columns = [np.array(k)[column] for k, column in zip(self.kept, rows.T, strict=True)]
        return np.stack(columns, axis=1)

    @override
    def of_numbers(self, numbers: Architectures) -> Architectures:
        rows = self.whole.canonical(numbers)
        inside = self.has(rows)
        if not inside.all():
            row = rows[~inside][0]
            slot = next(i for i, n in enumerate(row.tolist()) if n not in self.kept[i])
            raise ValueError(
                f"choice {row[slot]} of slot {slot + 1} is not among those left in {self.name}"
            )
        found = [np.searchsorted(k, column) for k, column in zip(self.kept, rows.T, strict=True)]
        return np.stack(found, axis=1).astype(np.int64)

    @override
    def has(self, numbers: Architectures) -> NDArray[np.bool_]:
        rows = self.whole.canonical(numbers)
        inside = [np.isin(column, k) for k, column in zip(self.kept, rows.T, strict=True)]
        found: NDArray[np.bool_] = np.logical_and.reduce(inside)
        return found

    @override
    def sample(
        self, generator: np.random.Generator, count: int, *, resolution: int | None = None
    ) -> Architectures:
        if resolution is not None:
            self.at(resolution)
        drawn = generator.integers(0, self.choice_counts, size=(count, len(self.slots)))
        for start, end in self.groups:
            counts = self.choice_counts[start:end]
            blocks = generator.integers(1, counts, size=(count, end - start))
            depth = generator.integers(0, end - start + 1, size=(count, 1))
            drawn[:, start:end] = np.where(np.arange(end - start) < depth, blocks, 0)
        return drawn


def shrunk_space(space: Space, kept: Sequence[Sequence[int]]) -> Space:
    """A space that has some choices of a space alone; of a family every member shrinks alike.

    Choices that no network has any more go, too: a skip before a slot that cannot be skipped, and
    blocks behind a slot that is always skipped.

    Args:
        space: whole, or shrunk before.
        kept: of each slot of blocks, which choices stay, by their numbers in this space.

    Returns:
        The space itself where all stay.

    Raises:
        ValueError: a choice that is not there, or no network is left.
    """
    members = space.members
    chosen = reachable_choices(members[0], kept)
    if all(len(k) == n for k, n in zip(chosen, members[0].choice_counts, strict=True)):
        return space
    found = tuple(_member(member, chosen) for member in members)
    if isinstance(space, SpaceFamily):
        whole = whole_of(space)
        return SpaceFamily(f"{whole.name}{_suffix(found[0].kept)}", found)
    return found[0]


def whole_of(space: Space) -> Space:
    """The space with all choices: itself where none was taken away."""
    if not any(isinstance(member, ShrunkSpace) for member in space.members):
        return space
    members = tuple(one.whole if isinstance(one, ShrunkSpace) else one for one in space.members)
    if not isinstance(space, SpaceFamily):
        return members[0]
    suffixes = {_suffix(one.kept) for one in space.members if isinstance(one, ShrunkSpace)}
    return SpaceFamily(space.name.removesuffix(suffixes.pop()), members)


def kept_of(space: Space) -> Kept:
    """Which choices of the whole space it has, slot by slot of its blocks."""
    member = space.members[0]
    if isinstance(member, ShrunkSpace):
        return member.kept
    return tuple(tuple(range(count)) for count in member.choice_counts.tolist())


def reachable_choices(space: SearchSpace, kept: Sequence[Sequence[int]]) -> Kept:
    """Of some choices of a space those that its networks have, see `shrunk_space`.

    Raises:
        ValueError: a choice that is not there, or no network is left.
    """
    counts = space.choice_counts.tolist()
    if len(kept) != len(counts):
        raise ValueError(
            f"choices of {len(kept)} slots are named, and {space.name} has {len(counts)}"
        )
    left = [set(choices) for choices in kept]
    for slot, (choices, count) in enumerate(zip(left, counts, strict=True)):
        if not choices <= set(range(count)):
            raise ValueError(f"slot {slot + 1} of {space.name} has the choices 0 to {count - 1}")
    for start, end in space.groups:
        for slot in reversed(range(start, end - 1)):
            if 0 not in left[slot + 1]:
                left[slot].discard(0)
        for slot in range(start + 1, end):
            if left[slot - 1] == {0}:
                left[slot] &= {0}
    for slot, choices in enumerate(left):
        if not choices:
            why = ""
            if kept[slot]:  # these were skips alone
                why = f": it is always skipped, and slot {slot + 2} behind it in its stage never"
            raise ValueError(f"no choice of slot {slot + 1} of {space.name} is left{why}")
    return tuple(tuple(sorted(choices)) for choices in left)


def _member(space: SearchSpace, kept: Kept) -> ShrunkSpace:
    whole = space
    if isinstance(space, ShrunkSpace):
        whole = space.whole
        kept = tuple(
            tuple(numbers[choice] for choice in choices)
            for numbers, choices in zip(space.kept, kept, strict=True)
        )
    slots = tuple(
        Slot(slot.stage, tuple(slot.choices[choice] for choice in choices))
        for slot, choices in zip(whole.slots, kept, strict=True)
    )
    return ShrunkSpace(
        f"{whole.name}{_suffix(kept)}",
        whole.prefix,
        slots,
        whole.suffix,
        whole.reference,
        whole.width,
        whole=whole,
        kept=kept,
    )


def _suffix(kept: Kept) -> str:
    """Tells spaces apart that were shrunk from the same: tables and reports know them by names."""
    return f" shrunk {digest(str(kept), 6)}"


def _may_skip(slot: Slot) -> bool:
    """Whether leaving the block out is one of several choices."""
    return slot.can_skip and len(slot.choices) > 1
