"""Structures: which member of a family and how many blocks a stage, apart from which blocks."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.family import SpaceFamily
from hwnas.spaces.space import Architectures, SearchSpace


@dataclass(frozen=True)
class Structures:
    """A space seen as few decisions about its structure and many about its modules.

    Decisions about the structure are the member of a family (resolution, width), the depth of every
    run of interchangeable slots that can be skipped, and whether each other slot that can be
    skipped is there. A structure is a vector (D,) of them. The modules are the choices of the slots
    that are there. A space of neither members nor skips has one structure, of no decisions.
    """

    space: ChoiceSpace

    @cached_property
    def members(self) -> int:
        """How many slots, 1 or 0, choose the member of a family."""
        return int(isinstance(self.space, SpaceFamily))

    @cached_property
    def depths(self) -> tuple[tuple[int, int], ...]:
        """[start, end) of the slots that each decision about depth is about."""
        member = self.space.members[0] if isinstance(self.space, SpaceFamily) else self.space
        if not isinstance(member, SearchSpace):
            return ()
        within = {slot for start, end in member.groups for slot in range(start, end)}
        alone = [
            (slot, slot + 1)
            for slot, each in enumerate(member.slots)
            if each.can_skip and len(each.choices) > 1 and slot not in within
        ]
        runs = sorted([*member.groups, *alone])
        return tuple((start + self.members, end + self.members) for start, end in runs)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """(D,) options of each decision."""
        depths = [end - start + 1 for start, end in self.depths]
        members = self.space.choice_counts[: self.members].tolist()
        return np.array([*members, *depths], dtype=np.int64)

    @cached_property
    def skips(self) -> NDArray[np.bool_]:
        """(L,) which slots can be skipped."""
        skips = np.zeros(len(self.space.choice_counts), dtype=np.bool_)
        for start, end in self.depths:
            skips[start:end] = True
        return skips

    def of(self, architectures: Architectures) -> NDArray[np.int64]:
        """(N, D) the structures of canonical architectures (N, L)."""
        depths = [(architectures[:, start:end] > 0).sum(axis=1) for start, end in self.depths]
        return np.column_stack([architectures[:, : self.members], *depths]).astype(np.int64)

    def open(self, structures: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(N, L) in which slots each of (N, D) structures has a module."""
        there = np.ones((len(structures), len(self.space.choice_counts)), dtype=np.bool_)
        there[:, : self.members] = False
        for depth, (start, end) in zip(structures[:, self.members :].T, self.depths, strict=True):
            there[:, start:end] = np.arange(end - start) < depth[:, None]
        return there

    def filled(self, structures: NDArray[np.int64], modules: Architectures) -> Architectures:
        """(N, L) canonical architectures of structures (N, D).

        Args:
            structures: which members and depths.
            modules: (N, L) the choices of the slots that are there, none of them a skip; what it
                has in other slots is passed over.
        """
        rows = np.where(self.open(structures), modules, 0)
        rows[:, : self.members] = structures[:, : self.members]
        return self.space.canonical(rows)
