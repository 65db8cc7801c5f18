"""Groups of paths of a supernet that begin alike: what ensembles with a trunk are chosen from."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwnas.latency.family import AnyLatency
from hwnas.runs.searching import RunSearch
from hwnas.spaces import Architectures, Space

# Of the judged networks so many of the best are looked at.
_BEST = 2000
# A tail may take so much more than its share: another member may take less.
_SHARE = 1.15
_TRIES = 30  # for each path that is drawn


@dataclass(frozen=True)
class Group:
    """Paths that share their first choices.

    Attributes:
        split: how many choices they share, at least where skips of a stage move together.
        paths: (P, L) architectures, canonical, the first of which is the best judged one.
    """

    split: int
    paths: Architectures


class Paths:
    """Draws groups of paths for every split of a space.

    For so many members, the trunk is that of the best judged network that would keep the budget
    with its own tail so many times (NEAS searches the split point, Chen et al. 2021, arXiv
    2104.00597). The other paths of a group are the best judged ones with the same trunk, and its
    own with some choices behind the trunk changed by chance.
    """

    def __init__(
        self, space: Space, latency: AnyLatency, result: RunSearch, bound: float, seed: int = 0
    ) -> None:
        """Takes a search, and what an ensemble may take, in ms."""
        self._space, self._latency, self._bound = space, latency, bound
        best = np.argsort(-result.scores, kind="stable")[:_BEST]
        self._rows, self._generator = result.architectures[best], np.random.default_rng(seed)

    def least_ms(self) -> float:
        """What two paths take that differ in nothing but the last slot and what is behind it."""
        return float((self._whole + self._behind[:, -2]).min())

    def groups(self, members: int, paths: int, size: int) -> Iterator[Group]:
        """Groups for 2 to so many members, with at most so many paths in all.

        Args:
            members: at most, of an ensemble.
            paths: in all groups.
            size: paths of a group, at most.
        """
        # Few paths are in few groups, which are no smaller than an ensemble if that can be.
        size = min(size, max(members, paths // (members - 1)), paths)
        most = max(1, paths // size)
        counts = _spread(2, members, most)
        splits = self._behind.shape[1] - 1
        for split in _spread(0, splits - 1, most // len(counts)):
            for count in counts:
                group = self._group(split, count, size)
                if group is not None:
                    yield group

    def _group(self, split: int, count: int, size: int) -> Group | None:
        whole, tails = self._whole, self._behind[:, split]
        fitting = np.flatnonzero(whole + (count - 1) * tails <= self._bound)
        if not len(fitting):
            return None
        base = fitting[0]  # the best
        share = _SHARE * (self._bound - whole[base] + tails[base]) / count
        column = self._first + split
        alike = (self._rows[:, :column] == self._rows[base, :column]).all(axis=1)
        known = np.flatnonzero(alike & (tails <= share))[: max(1, size // 2)]
        found = {tuple(self._rows[base].tolist()): None}
        found |= dict.fromkeys(map(tuple, self._rows[known].tolist()))
        for _ in range(_TRIES * size):
            if len(found) >= size:
                break
            row = self._changed(self._rows[base], column)
            if self._behind_of(row)[split] <= share:
                found[tuple(row.tolist())] = None
        return Group(split, np.array(list(found))) if len(found) > 1 else None

    def _changed(self, row: Architectures, column: int) -> Architectures:
        """A canonical architecture that has other choices in some slots from a column on."""
        changed, counts = row.copy(), self._space.choice_counts
        slots = np.arange(column, len(row))
        some = self._generator.choice(
            slots, int(self._generator.integers(1, len(slots) // 2 + 2)), replace=False
        )
        changed[some] = self._generator.integers(0, counts[some])
        canonical: Architectures = self._space.canonical(changed)[0]
        return canonical

    @cached_property
    def _behind(self) -> NDArray[np.float64]:
        """(N, S + 1) what the judged networks take from each of S slots on, in ms.

        The last is what is behind the slots.
        """
        return np.stack([self._behind_of(row) for row in self._rows])

    @cached_property
    def _whole(self) -> NDArray[np.float64]:
        """(N,) what the judged networks take, with the overhead and what is before the slots."""
        return self._latency.predict(self._space.networks(self._rows))

    def _behind_of(self, row: Architectures) -> NDArray[np.float64]:
        member, choices = self._space.of_member(row)
        model = self._latency.of(self._space.network(row))
        slots = [
            model.block_value(slot.choices[choice])
            for slot, choice in zip(member.slots, choices, strict=True)
        ]
        last = sum(map(model.block_value, member.suffix))
        return np.cumsum([last, *slots[::-1]])[::-1]

    @property
    def _first(self) -> int:
        """The column of the first slot: that of a family's architecture names its member."""
        return int(self._rows.shape[1] - self._behind.shape[1] + 1)


def _spread(first: int, last: int, most: int) -> list[int]:
    """At most so many whole numbers, evenly from a first to a last one."""
    found = np.linspace(first, last, min(most, last - first + 1)).round().astype(int)
    numbers: list[int] = found.tolist()
    return numbers
