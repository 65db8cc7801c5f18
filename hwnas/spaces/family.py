"""SpaceFamily: equal spaces at several resolutions or widths, and the choice between them.

A search of Python takes it in place of a space:

    family = SpaceFamily.of("mobilenet_v3_large", resolutions=(160, 192, 224), widths=(0.75, 1))
    found = hwnas.run_search(hwnas.Problem(family, budgets={"macs": "200 M"}), accuracy)

Runs, which train on images of one resolution, take a space.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwnas.networks.blocks import Block, Network, distinct_blocks
from hwnas.spaces.config import load_space
from hwnas.spaces.space import Architectures, SearchSpace, check_choices


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
            ValueError: there are none, or they differ in their slots.
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

    @classmethod
    def of(
        cls,
        name: str,
        *,
        resolutions: Sequence[int] = (),
        widths: Sequence[float] = (),
        classes: int | None = None,
    ) -> "SpaceFamily":
        """A space of a shipped name or a YAML file at several resolutions, widths, or both.

        Args:
            name: of the space.
            resolutions: of the images; none is that of the file.
            widths: what channels are multiplied by, see `load_space`; none is 1.
            classes: number of logits; that of the file where it is None.

        Returns:
            All resolutions × widths, of which the width varies fastest.

        Raises:
            ConfigError: there is no such space, its file is wrong, or blocks do not fit together
                at one of them.
            ValueError: stages fall together at one of the widths.
        """
        members = tuple(
            load_space(name, resolution=resolution, width=width, classes=classes)
            for resolution in (resolutions or (None,))
            for width in (widths or (None,))
        )
        parts = [name]
        if resolutions:
            parts.append(f"at {', '.join(map(str, resolutions))} px")
        if widths:
            parts.append(f"of widths {', '.join(f'{width:g}' for width in widths)}")
        return cls(" ".join(parts), members)

    def member(self, architecture: Architectures) -> SearchSpace:
        """The space that an architecture (1 + L,) chose: its resolution and its width."""
        return self.members[int(self.check(architecture)[0, 0])]

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

    def sample(self, generator: np.random.Generator, count: int) -> Architectures:
        """(count, 1 + L) random canonical architectures, every member as likely."""
        drawn = generator.integers(0, len(self.members), size=count)
        return np.column_stack((drawn, self.members[0].sample(generator, count)))

    def network(self, architecture: Architectures) -> Network:
        """The blocks of one architecture (1 + L,), skips left out."""
        row = self.check(architecture)[0]
        return self.members[int(row[0])].network(row[1:])

    def networks(self, architectures: Architectures) -> list[Network]:
        """The networks of a population (N, 1 + L)."""
        return [self.network(row) for row in self.check(architectures)]

    def blocks(self) -> tuple[Block, ...]:
        """Every distinct block of the members that can be timed."""
        return distinct_blocks([member.blocks() for member in self.members])
