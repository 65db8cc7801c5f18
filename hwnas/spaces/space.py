"""SearchSpace: ordered slots with choices, between fixed first and last blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hwnas.networks.blocks import (
    Block,
    Network,
    Skip,
    block_key,
    check_network,
    distinct_blocks,
)

Architectures = NDArray[np.int64]
"""A population: (N, L) choice indices; one architecture is (L,)."""


@dataclass(frozen=True)
class Slot:
    """One decision: which block stands here. Choice 0 is the skip where there is one."""

    stage: int
    choices: tuple[Block, ...]

    @property
    def can_skip(self) -> bool:
        """Whether leaving the block out is a choice."""
        return isinstance(self.choices[0], Skip)


@dataclass(frozen=True)
class SearchSpace:
    """All networks of the form prefix + one choice a slot + suffix.

    Consecutive slots of a stage with equal choices that include a skip are interchangeable, hence
    only architectures whose skips come last among them are canonical. `width` is what the channels
    of its config were multiplied by; its reference network is to be of the same.
    """

    name: str
    prefix: tuple[Block, ...]
    slots: tuple[Slot, ...]
    suffix: tuple[Block, ...]
    reference: str | None = None
    width: float = 1.0

    def __repr__(self) -> str:
        return (
            f"SearchSpace({self.name} at {self.resolution} px, {self.classes} classes: "
            f"{len(self.slots)} slots, {size_text(self.size)} networks)"
        )

    @property
    def members(self) -> tuple["SearchSpace", ...]:
        """The space itself: what a `SpaceFamily` has several of."""
        return (self,)

    @property
    def resolution(self) -> int:
        """Height and width of the input image."""
        return self.prefix[0].resolution

    @property
    def resolutions(self) -> tuple[int, ...]:
        """The one resolution."""
        return (self.resolution,)

    @property
    def largest_resolution(self) -> int:
        """The one resolution."""
        return self.resolution

    def at(self, resolution: int) -> tuple[int, ...]:
        """The numbers of the members of a resolution: (0,).

        Raises:
            ValueError: the space has another one.
        """
        return members_at(self.name, self.members, resolution)

    def member(self, architecture: Architectures) -> "SearchSpace":
        """The space itself, whatever the architecture (L,)."""
        self.check(architecture)
        return self

    def of_member(self, architecture: Architectures) -> tuple["SearchSpace", Architectures]:
        """The space itself and the same architecture (L,)."""
        return self, self.check(architecture)[0]

    def rows_of(self, member: int, architectures: Architectures) -> Architectures:
        """The same architectures (N, L)."""
        self.members[member]
        return self.check(architectures)

    def resolution_of(self, architectures: Architectures) -> NDArray[np.int64]:
        """(N,) the resolution of each architecture (N, L)."""
        return np.full(len(self.check(architectures)), self.resolution, dtype=np.int64)

    @property
    def classes(self) -> int:
        """Number of logits."""
        return self.suffix[-1].out_channels

    @property
    def identity(self) -> str:
        """A text that is equal exactly for spaces of equal blocks: the keys of each part."""
        return f"{self.identity_of_stages}\nsuffix: {_keys(self.suffix)}"

    @property
    def identity_of_stages(self) -> str:
        """A text that is equal exactly for spaces of equal blocks but for those after the slots."""
        slots = (f"stage {slot.stage}: {_keys(slot.choices)}" for slot in self.slots)
        return "\n".join([f"prefix: {_keys(self.prefix)}", *slots])

    @cached_property
    def choice_counts(self) -> NDArray[np.int64]:
        """(L,) choices of each slot."""
        return np.array([len(slot.choices) for slot in self.slots], dtype=np.int64)

    @cached_property
    def groups(self) -> tuple[tuple[int, int], ...]:
        """[start, end) of every run of two or more interchangeable slots with a skip."""
        return interchangeable(self.slots)

    def allowed(self, slot: int) -> NDArray[np.bool_]:
        """(choices before, choices of slot): the canonical transitions; one row for slot 0."""
        before = len(self.slots[slot - 1].choices) if slot else 1
        mask = np.ones((before, len(self.slots[slot].choices)), dtype=np.bool_)
        if any(start < slot < end for start, end in self.groups):
            mask[0, 1:] = False
        return mask

    @cached_property
    def size(self) -> int:
        """Number of distinct (canonical) architectures, exactly."""
        paths = [1]
        for slot in range(len(self.slots)):
            mask = self.allowed(slot)
            paths = [
                sum(count for count, ok in zip(paths, column, strict=True) if ok)
                for column in mask.T
            ]
        return sum(paths)

    def check(self, architectures: Architectures) -> Architectures:
        """The same as an (N, L) integer array.

        Raises:
            ValueError: wrong length or a choice that does not exist.
        """
        return check_choices(self.name, self.choice_counts, architectures)

    def canonical(self, architectures: Architectures) -> Architectures:
        """(N, L): the canonical form of each architecture, skips last in their stage."""
        result = self.check(architectures).copy()
        for start, end in self.groups:
            part = result[:, start:end]
            order = np.argsort(part == 0, axis=1, kind="stable")
            result[:, start:end] = np.take_along_axis(part, order, axis=1)
        return result

    def network(self, architecture: Architectures) -> Network:
        """The blocks of one architecture (L,), skips left out."""
        row = self.check(architecture)[0]
        chosen = (slot.choices[index] for slot, index in zip(self.slots, row, strict=True))
        return (*self.prefix, *(b for b in chosen if not isinstance(b, Skip)), *self.suffix)

    def networks(self, architectures: Architectures) -> list[Network]:
        """The networks of a population (N, L)."""
        return [self.network(row) for row in self.check(architectures)]

    def architecture(self, network: Network) -> Architectures:
        """(L,) the canonical architecture of a network.

        Raises:
            ValueError: the network is not in the space.
        """
        end = len(network) - len(self.suffix)
        position, row = len(self.prefix), []
        for slot in self.slots:
            if position < end and network[position] in slot.choices:
                row.append(slot.choices.index(network[position]))
                position += 1
            elif slot.can_skip:
                row.append(0)
            else:
                break
        if (
            len(row) != len(self.slots)
            or position != end
            or (*network[: len(self.prefix)], *network[end:]) != self.prefix + self.suffix
        ):
            raise ValueError(f"the network is not in {self.name}")
        canonical: Architectures = self.canonical(np.array(row))[0]
        return canonical

    def architectures(self, networks: Sequence[Network]) -> Architectures:
        """(N, L) the canonical architectures of N networks.

        Raises:
            ValueError: a network is not in the space.
        """
        rows = np.empty((len(networks), len(self.slots)), dtype=np.int64)
        for index, network in enumerate(networks):
            rows[index] = self.architecture(network)
        return rows

    def sample(
        self, generator: np.random.Generator, count: int, *, resolution: int | None = None
    ) -> Architectures:
        """(count, L) random canonical architectures.

        Where two or more slots of a stage can be skipped, how many are is uniform, and so is each
        block that is there: deep networks, which are the most, would otherwise be nearly all.

        Raises:
            ValueError: a resolution is asked for that the space has not.
        """
        if resolution is not None:
            self.at(resolution)
        drawn = generator.integers(0, self.choice_counts, size=(count, len(self.slots)))
        for start, end in self.groups:
            blocks = generator.integers(1, self.choice_counts[start], size=(count, end - start))
            depth = generator.integers(0, end - start + 1, size=(count, 1))
            drawn[:, start:end] = np.where(np.arange(end - start) < depth, blocks, 0)
        return drawn

    def blocks(self) -> tuple[Block, ...]:
        """Every distinct block of the space that can be timed."""
        return distinct_blocks([self.prefix, *(slot.choices for slot in self.slots), self.suffix])

    def numbers_of(self, architectures: Architectures) -> Architectures:
        """(N, L) the numbers that people and files call the choices of architectures (N, L) by.

        Those of the space with all its choices: of a `ShrunkSpace` they are others.
        """
        return self.check(architectures)

    def of_numbers(self, numbers: Architectures) -> Architectures:
        """(N, L) the canonical architectures of choices by those numbers, see `numbers_of`.

        Raises:
            ValueError: wrong length, or a choice that does not exist or was taken away.
        """
        return self.canonical(numbers)

    def has(self, numbers: Architectures) -> NDArray[np.bool_]:
        """(N,) whether the space has the network of choices by those numbers.

        Raises:
            ValueError: wrong length, or a choice that never was there.
        """
        return np.ones(len(self.check(numbers)), dtype=np.bool_)


def interchangeable(slots: Sequence[Slot]) -> tuple[tuple[int, int], ...]:
    """[start, end) of every run of two or more equal slots with a skip."""
    runs, start = [], 0
    for index in range(1, len(slots) + 1):
        if index == len(slots) or slots[index] != slots[start]:
            if index - start > 1 and slots[start].can_skip:
                runs.append((start, index))
            start = index
    return tuple(runs)


def _keys(blocks: Sequence[Block]) -> str:
    return ", ".join(map(block_key, blocks))


def size_text(networks: int) -> str:
    """How many networks there are: in full, or rounded where nobody would read that."""
    return f"{networks:,}" if networks < 10**7 else f"{networks:.1e}"


def keys(architectures: Architectures) -> list[tuple[int, ...]]:
    """A key of a dict for each architecture of a population (N, L)."""
    return list(map(tuple, architectures.tolist()))


def row_bytes(rows: Architectures) -> list[bytes]:
    """What tells rows (N, L) of one type from one another; quicker than `keys`, and smaller."""
    content, width = rows.tobytes(), rows.shape[1] * rows.itemsize
    return [content[start : start + width] for start in range(0, len(content), width)]


def members_at(name: str, members: Sequence[SearchSpace], resolution: int) -> tuple[int, ...]:
    """The numbers of the members of a resolution.

    Raises:
        ValueError: there are none.
    """
    found = tuple(i for i, member in enumerate(members) if member.resolution == resolution)
    if not found:
        raise ValueError(f"{name} has no networks at {resolution} pixels")
    return found


def check_choices(
    name: str, choice_counts: NDArray[np.int64], architectures: Architectures
) -> Architectures:
    """Architectures of a space as an (N, L) integer array.

    Raises:
        ValueError: wrong length or a choice that does not exist.
    """
    array = np.atleast_2d(np.asarray(architectures, dtype=np.int64))
    if array.ndim != 2 or array.shape[1] != len(choice_counts):
        raise ValueError(f"an architecture of {name} has {len(choice_counts)} choices")
    if array.size and ((array < 0) | (array >= choice_counts)).any():
        raise ValueError(f"a choice is outside the slots of {name}")
    return array


def check_space(space: SearchSpace) -> None:
    """Raises ValueError unless every choice of a slot fits every choice of the slot before it."""
    if not space.slots:
        raise ValueError("a search space needs at least one slot")
    for before, after in pairwise(space.slots):
        if (
            before.stage != after.stage
            and before.can_skip
            and set(before.choices) & set(after.choices)
        ):
            # The same network would have several architectures.
            raise ValueError(
                f"stages {before.stage} and {after.stage} have the same blocks; make them one stage"
            )
    row: Sequence[Block] = [slot.choices[-1] for slot in space.slots]
    for index, slot in enumerate(space.slots):
        for choice in slot.choices:
            check_network((*space.prefix, *row[:index], choice, *row[index + 1 :], *space.suffix))
