"""SpaceFamily: equal spaces at several resolutions or widths, and the choice between them.

It stands wherever a space does, and has the same methods:

    family = hwnas.load_space("mobilenet_v3_large", resolution=[160, 192, 224], width=[0.75, 1])
    found = hwnas.run_search(hwnas.Problem(family, budgets={"macs": "200 M"}), accuracy)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hwnas.networks.blocks import Block, Network, distinct_blocks
from hwnas.spaces.space import (
    Architectures,
    SearchSpace,
    check_choices,
    members_at,
    size_text,
)


@dataclass(frozen=True)
class SpaceFamily:
    """Members with the same choices in every slot; an architecture begins with its member.

    So a choice that changes every block of a network, like the resolution of its input, is one
    slot. A trellis lays the members beside one another, as sheets.
    """

    name: str
    members: tuple[SearchSpace, ...]

    def __post_init__(self) -> None:
        """Checks the members.

        Raises:
            ValueError: there are none, two are the same, or they differ in their slots or classes.
        """
        if not self.members:
            raise ValueError(f"the family {self.name} has no spaces")
        first = self.members[0]
        for member in self.members[1:]:
            if not (
                np.array_equal(member.choice_counts, first.choice_counts)
                and member.groups == first.groups
            ):
                raise ValueError(
                    f"the spaces of {self.name} differ in slots: {first.name}, {member.name}"
                )
            if member.classes != first.classes:
                raise ValueError(
                    f"the spaces of {self.name} differ in classes: {first.classes}, "
                    f"{member.classes}"
                )

    def __repr__(self) -> str:
        return (
            f"SpaceFamily({self.name}, {self.classes} classes: {len(self.members)} members of "
            f"{len(self.choice_counts) - 1} slots, {size_text(self.size)} networks)"
        )

    @property
    def classes(self) -> int:
        """Number of logits."""
        return self.members[0].classes

    @cached_property
    def resolutions(self) -> tuple[int, ...]:
        """Height and width of the images of every member, each once, from the least."""
        return tuple(sorted({member.resolution for member in self.members}))

    @property
    def largest_resolution(self) -> int:
        """The largest of them."""
        return self.resolutions[-1]

    def at(self, resolution: int) -> tuple[int, ...]:
        """The numbers of the members of a resolution, what their architectures begin with.

        Raises:
            ValueError: there are none.
        """
        return members_at(self.name, self.members, resolution)

    def member(self, architecture: Architectures) -> SearchSpace:
        """The space that an architecture (1 + L,) chose: its resolution and its width."""
        return self.of_member(architecture)[0]

    def of_member(self, architecture: Architectures) -> tuple[SearchSpace, Architectures]:
        """The space that an architecture (1 + L,) chose, and its architecture (L,) in there."""
        row = self.check(architecture)[0]
        return self.members[int(row[0])], row[1:]

    def rows_of(self, member: int, architectures: Architectures) -> Architectures:
        """(N, 1 + L): what architectures (N, L) of a member are in the family."""
        rows = self.members[member].check(architectures)
        return np.column_stack((np.full(len(rows), member, dtype=np.int64), rows))

    def resolution_of(self, architectures: Architectures) -> NDArray[np.int64]:
        """(N,) the resolution of each architecture (N, 1 + L)."""
        resolutions = np.array([member.resolution for member in self.members], dtype=np.int64)
        chosen: NDArray[np.int64] = resolutions[self.check(architectures)[:, 0]]
        return chosen

    @property
    def identity(self) -> str:
        """A text that is equal exactly for families of equal members."""
        return "\n\n".join(member.identity for member in self.members)

    @cached_property
    def choice_counts(self) -> NDArray[np.int64]:
        """(1 + L,) members, then the choices of each slot."""
        return np.concatenate(([len(self.members)], self.members[0].choice_counts))

    def allowed(self, slot: int) -> NDArray[np.bool_]:
        """(choices before, choices of slot): the canonical transitions; one row for slot 0."""
        if slot > 1:
            return self.members[0].allowed(slot - 1)
        before = len(self.members) if slot else 1
        return np.ones((before, int(self.choice_counts[slot])), dtype=np.bool_)

    @property
    def size(self) -> int:
        """Number of distinct (canonical) architectures, exactly."""
        return sum(member.size for member in self.members)

    def check(self, architectures: Architectures) -> Architectures:
        """The same as an (N, 1 + L) integer array.

        Raises:
            ValueError: wrong length or a choice that does not exist.
        """
        return check_choices(self.name, self.choice_counts, architectures)

    def canonical(self, architectures: Architectures) -> Architectures:
        """(N, 1 + L): the canonical form of each architecture, skips last in their stage."""
        rows = self.check(architectures)
        return np.column_stack((rows[:, 0], self.members[0].canonical(rows[:, 1:])))

    def sample(
        self, generator: np.random.Generator, count: int, *, resolution: int | None = None
    ) -> Architectures:
        """(count, 1 + L) random canonical architectures, every member as likely.

        Args:
            generator: of the random numbers.
            count: of the architectures.
            resolution: whose members are drawn alone; all where it is None.

        Raises:
            ValueError: no member has the resolution.
        """
        if resolution is None:
            drawn = generator.integers(0, len(self.members), size=count)
        else:
            drawn = generator.choice(self.at(resolution), size=count)
        return np.column_stack((drawn, self.members[0].sample(generator, count)))

    def network(self, architecture: Architectures) -> Network:
        """The blocks of one architecture (1 + L,), skips left out."""
        member, row = self.of_member(architecture)
        return member.network(row)

    def networks(self, architectures: Architectures) -> list[Network]:
        """The networks of a population (N, 1 + L)."""
        return [self.network(row) for row in self.check(architectures)]

    def architecture(self, network: Network) -> Architectures:
        """(1 + L,) the canonical architecture of a network, in the first member that has it.

        Raises:
            ValueError: the network is in none of the members.
        """
        for number, member in enumerate(self.members):
            try:
                row: Architectures = self.rows_of(number, member.architecture(network))[0]
            except ValueError:
                continue
            return row
        raise ValueError(f"the network is not in {self.name}")

    def architectures(self, networks: Sequence[Network]) -> Architectures:
        """(N, 1 + L) the canonical architectures of N networks.

        Raises:
            ValueError: a network is in none of the members.
        """
        rows = [self.architecture(network) for network in networks]
        return np.array(rows, dtype=np.int64).reshape(len(rows), len(self.choice_counts))

    def numbers_of(self, architectures: Architectures) -> Architectures:
        """(N, 1 + L) the numbers that people and files call the choices by.

        See `SearchSpace.numbers_of`; the first is the member's.
        """
        rows = self.check(architectures)
        return np.column_stack((rows[:, 0], self.members[0].numbers_of(rows[:, 1:])))

    def of_numbers(self, numbers: Architectures) -> Architectures:
        """(N, 1 + L) the canonical architectures of choices by those numbers.

        Raises:
            ValueError: wrong length, or a choice that does not exist or was taken away.
        """
        rows = np.atleast_2d(numbers)
        found = np.column_stack((rows[:, 0], self.members[0].of_numbers(rows[:, 1:])))
        return self.check(found)

    def has(self, numbers: Architectures) -> NDArray[np.bool_]:
        """(N,) whether the family has the network of choices by those numbers.

        Raises:
            ValueError: wrong length, or a choice that never was there.
        """
        return self.members[0].has(np.atleast_2d(numbers)[:, 1:])

    def blocks(self) -> tuple[Block, ...]:
        """Every distinct block of the members that can be timed."""
        return distinct_blocks([member.blocks() for member in self.members])


Space: TypeAlias = SearchSpace | SpaceFamily
"""What is searched: one space, or a family of them. Both have the same methods."""


def family_name(name: str, resolutions: Sequence[int], widths: Sequence[float]) -> str:
    """The name of a space's family, as in "tiny at 8, 12 px of widths 0.5, 1"."""
    parts = [name]
    if resolutions:
        parts.append(f"at {', '.join(map(str, resolutions))} px")
    if widths:
        parts.append(f"of widths {', '.join(f'{width:g}' for width in widths)}")
    return " ".join(parts)
