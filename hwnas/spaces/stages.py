"""StageSpace: the same networks, chosen stage by stage instead of block by block."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import ConfigError
from hwnas.spaces.space import Architectures, SearchSpace, check_choices

# Ratings of as many paths take days on one processor; a stage of 20 blocks has far more.
MOST_PATHS = 1_000_000


@dataclass(frozen=True)
class StageSpace:
    """A choice space whose slots are the stages of a space, and whose choices are their paths.

    What depends on the blocks of a stage together, like the ratings of block-wise distillation, is
    additive here where it is not over blocks. Every canonical architecture of the space is one
    architecture here, and the other way round.
    """

    space: SearchSpace

    @property
    def name(self) -> str:
        """For messages."""
        return f"the stages of {self.space.name}"

    @cached_property
    def slots(self) -> tuple[slice, ...]:
        """Which slots of the space each stage has."""
        stages = [slot.stage for slot in self.space.slots]
        starts = [i for i in range(len(stages)) if i == 0 or stages[i] != stages[i - 1]]
        return tuple(map(slice, starts, [*starts[1:], len(stages)]))

    @cached_property
    def paths(self) -> tuple[Architectures, ...]:
        """A stage's canonical paths (P, slots of the stage), in the order of their choices.

        Raises:
            ConfigError: a stage has more than a million.
        """
        return tuple(self._paths(slots.start, slots.stop) for slots in self.slots)

    @cached_property
    def choice_counts(self) -> NDArray[np.int64]:
        """(S,) paths of each stage."""
        return np.array([len(paths) for paths in self.paths], dtype=np.int64)

    def allowed(self, slot: int) -> NDArray[np.bool_]:
        """(paths before, paths of a stage): all true, since stages do not restrict each other."""
        before = int(self.choice_counts[slot - 1]) if slot else 1
        # One row that is seen many times: large stages have thousands of paths.
        return np.broadcast_to(np.True_, (before, int(self.choice_counts[slot])))

    def check(self, architectures: Architectures) -> Architectures:
        """The same as an (N, S) integer array.

        Raises:
            ValueError: wrong length or a path that does not exist.
        """
        return check_choices(self.name, self.choice_counts, architectures)

    def canonical(self, architectures: Architectures) -> Architectures:
        """(N, S): the same, since only canonical paths are choices."""
        return self.check(architectures)

    def sample(self, generator: np.random.Generator, count: int) -> Architectures:
        """(count, S) random architectures, as the space draws them."""
        return self.of_blocks(self.space.sample(generator, count))

    def of_blocks(self, architectures: Architectures) -> Architectures:
        """(N, S) the paths of architectures (N, L) of the space.

        Raises:
            ValueError: not architectures of the space.
        """
        rows = self.space.canonical(architectures)
        columns = [
            np.searchsorted(keys, self._keys(rows[:, slots], slots))
            for keys, slots in zip(self._path_keys, self.slots, strict=True)
        ]
        return np.stack(columns, axis=1)

    def to_blocks(self, architectures: Architectures) -> Architectures:
        """(N, L) the canonical architectures of the space that have these paths (N, S).

        Raises:
            ValueError: wrong length or a path that does not exist.
        """
        rows = self.check(architectures)
        return np.hstack([paths[rows[:, i]] for i, paths in enumerate(self.paths)])

    @cached_property
    def _path_keys(self) -> list[NDArray[np.int64]]:
        pairs = zip(self.paths, self.slots, strict=True)
        return [self._keys(paths, slots) for paths, slots in pairs]

    def _keys(self, paths: Architectures, slots: slice) -> NDArray[np.int64]:
        """(N,) numbers that rise in the order of paths."""
        keys = np.zeros(len(paths), dtype=np.int64)
        for column, count in zip(paths.T, self.space.choice_counts[slots], strict=True):
            keys = keys * count + column
        return keys

    def _paths(self, start: int, end: int) -> Architectures:
        rows = np.arange(self.space.choice_counts[start])[:, None]
        for slot in range(start + 1, end):
            before, choices = np.nonzero(self.space.allowed(slot)[rows[:, -1]])
            if len(before) > MOST_PATHS:
                raise ConfigError(
                    f"stage {self.space.slots[start].stage + 1} of {self.space.name} has over "
                    f"{MOST_PATHS:,} paths, too many to look at each; give it fewer blocks or "
                    "choices"
                )
            rows = np.column_stack((rows[before], choices))
        return rows
