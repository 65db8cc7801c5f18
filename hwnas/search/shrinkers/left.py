"""What is left of a space while it is shrunk, and how much of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from hwnas.search.exact.sampling import enumerate_feasible, sample_feasible
from hwnas.search.policies.choices import FlatChoices
from hwnas.search.policies.reach import reachable
from hwnas.search.problem import CheckedLimit, SearchProblem
from hwnas.search.shrinkers.shrinker import Stage, Weak
from hwnas.search.trellis import Trellis
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.family import Space, SpaceFamily
from hwnas.spaces.shrunk import kept_of, reachable_choices, shrunk_space
from hwnas.spaces.space import Architectures

# All networks within the budgets are counted where so many prefixes lead to them; else the share
# that is left is estimated from so many draws, of which so many at least keep the budgets.
_ENUMERATED, _DRAWN, _LEAST = 50_000, 32_768, 1024
# Of fewer drawn networks that are left, a share says little: others are drawn of what is left.
_FEW = 512


@dataclass(frozen=True)
class Trial:
    """What would be left without a choice.

    Attributes:
        left: L arrays (C,), which choices.
        slot: of blocks, from which a choice goes.
        lost: all choices that go, each with its slot of blocks.
        share: of the networks within the budgets that would be left.
    """

    left: tuple[NDArray[np.bool_], ...]
    slot: int
    lost: tuple[tuple[int, int], ...]
    share: float


class Left:
    """Which choices are left, by their numbers in the space before.

    Attributes:
        share: of the networks within the budgets that are left.
    """

    def __init__(self, problem: SearchProblem, generator: np.random.Generator) -> None:
        """Begins with all choices.

        Args:
            problem: of a space of blocks.
            generator: of what the share is estimated by.
        """
        self._whole, self._space = problem, cast(Space, problem.space)
        self._members = int(isinstance(self._space, SpaceFamily))
        self._all: list[NDArray[np.bool_]] = [
            np.ones(count, dtype=np.bool_) for count in problem.space.choice_counts
        ]
        self._generator = generator
        self._sample: Architectures | None = None
        self._complete = False  # where the sample is all networks
        if problem.every_limit:
            self._sample, self._complete = _networks(problem, generator)
        self._sampled = 1.0  # the share of the networks that was left when the sample was drawn
        self._held = [set[int]() for _ in self._all]
        for row in () if problem.start is None else problem.start.tolist():
            for slot, choice in enumerate(row):
                self._held[slot].add(choice)
        self.share = 1.0

    @property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        """Of the slots of blocks."""
        return tuple(tuple(np.flatnonzero(one).tolist()) for one in self._all[self._members :])

    @property
    def problem(self) -> SearchProblem:
        """The same problem in the space of what is left."""
        return restricted(self._whole, shrunk_space(self._space, self.blocks), self._all)

    @property
    def places(self) -> NDArray[np.int64]:
        """Where they stand among all choices of all slots."""
        return np.flatnonzero(np.concatenate(self._all)).astype(np.int64)

    def before(self, architectures: Architectures) -> Architectures:
        """(N, L) the same by the numbers of the space before."""
        pairs = zip(self._all, architectures.T, strict=True)
        return np.stack([np.flatnonzero(one)[column] for one, column in pairs], axis=1)

    def of(
        self, known: Mapping[tuple[int, ...], float]
    ) -> tuple[Architectures, NDArray[np.float64]]:
        """The networks (N, L) that are left of some, by their numbers now, and their scores."""
        rows = np.array(list(known), dtype=np.int64).reshape(len(known), len(self._all))
        inside = _inside(self._all, rows)
        pairs = zip(self._all, rows[inside].T, strict=True)
        columns = [np.searchsorted(np.flatnonzero(one), column) for one, column in pairs]
        scores = np.array(list(known.values()), dtype=np.float64)[inside]
        return np.stack(columns, axis=1).astype(np.int64), scores

    def without(self, stage: Stage, weak: Weak) -> "Trial | None":
        """What is left without a choice of a stage; None where it has to stay, or has gone.

        Choices that no network has without it go with it.
        """
        starts = FlatChoices(self._whole.space.choice_counts).starts
        slot = weak.slot
        choice = int(stage.places[stage.choices.starts[slot] + weak.choice] - starts[slot])
        if slot < self._members or not self._all[slot][choice] or self._all[slot].sum() < 2:
            return None
        found = [one.copy() for one in self._all]
        found[slot][choice] = False
        blocks = [np.flatnonzero(one).tolist() for one in found[self._members :]]
        try:
            kept = reachable_choices(self._space.members[0], blocks)
        except ValueError:
            return None
        for one, stay in zip(found[self._members :], kept, strict=True):
            one[:] = False
            one[list(stay)] = True
        lost = [
            (place, number)
            for place, (was, now) in enumerate(zip(self._all, found, strict=True))
            for number in np.flatnonzero(was & ~now).tolist()
        ]
        if any(number in self._held[place] for place, number in lost):
            return None
        share = self._share(found) if reachable(self._whole, found) else 0.0
        if not share:
            return None
        blocks_lost = tuple((place - self._members, number) for place, number in lost)
        return Trial(tuple(found), slot - self._members, blocks_lost, share)

    def take(self, trial: "Trial") -> None:
        """Takes away what a trial is without."""
        self._all, self.share = list(trial.left), trial.share
        if self._sample is None or self._complete:
            return
        if _inside(self._all, self._sample).sum() < _FEW:
            rows, self._complete = _networks(self.problem, self._generator)
            self._sample, self._sampled = self.before(rows), self.share

    def _share(self, trial: Sequence[NDArray[np.bool_]]) -> float:
        if self._sample is not None:
            return self._sampled * float(_inside(trial, self._sample).mean())
        blocks = [np.flatnonzero(one).tolist() for one in trial[self._members :]]
        return shrunk_space(self._space, blocks).size / self._space.size


def restricted(
    problem: SearchProblem, space: Space, left: Sequence[NDArray[np.bool_]]
) -> SearchProblem:
    """The same problem in a space of what is left.

    Args:
        problem: in the space before.
        space: of what is left.
        left: L arrays (C,), which choices of the space before are left.
    """
    numbers = [np.flatnonzero(one) for one in left]
    if all(one.all() for one in left):
        return replace(problem, score=None, start=None)

    def cut(trellis: Trellis) -> Trellis:
        steps = []
        for slot, step in enumerate(trellis.steps):
            part = step[:, :, numbers[slot]]
            steps.append(part if part.shape[1] == 1 else part[:, numbers[slot - 1]])
        allowed = tuple(space.allowed(slot) for slot in range(len(numbers)))
        return replace(trellis, steps=tuple(steps), allowed=allowed)

    return SearchProblem(
        space,
        cut(problem.cost),
        tuple(replace(limit, trellis=cut(limit.trellis)) for limit in problem.limits),
        tested=tuple(CheckedLimit(space, one.objective, one.bound) for one in problem.tested),
        objectives=problem.objectives,
    )


def in_shrunk(problem: SearchProblem, space: Space) -> SearchProblem:
    """The same problem in a space that was shrunk from that of the problem."""
    assert isinstance(problem.space, Space)
    pairs = zip(kept_of(problem.space), kept_of(space), strict=True)
    blocks = [np.isin(before, now) for before, now in pairs]
    counts = problem.space.choice_counts[: len(problem.space.choice_counts) - len(blocks)]
    return restricted(problem, space, [*(np.ones(n, dtype=np.bool_) for n in counts), *blocks])


def _networks(problem: SearchProblem, generator: np.random.Generator) -> tuple[Architectures, bool]:
    """(N, L) all networks within the budgets where they are few, else some, each as likely.

    And whether these are all.
    """
    every = enumerate_feasible(problem, _ENUMERATED)
    if every is not None:
        return every, True
    drawn = _uniform(problem.space, generator, _DRAWN)
    found: Architectures = drawn[problem.feasible(drawn)]
    if len(found) < _LEAST:  # hardly any keeps the budgets: those that can be found
        found = sample_feasible(problem, generator, _LEAST)
    return found, False


def _uniform(space: ChoiceSpace, generator: np.random.Generator, count: int) -> Architectures:
    """(count, L) canonical architectures, each as likely; the space's own samples are not."""
    length = len(space.choice_counts)
    onward = [np.ones(int(space.choice_counts[-1]))]  # in how many ways each choice goes on
    for slot in reversed(range(1, length)):
        after = space.allowed(slot) @ onward[0]
        onward[0] /= onward[0].max()
        onward.insert(0, after / after.max())
    rows = np.zeros((count, length), dtype=np.int64)
    for slot in range(length):
        before = rows[:, slot - 1] if slot else np.zeros(count, dtype=np.int64)
        weights = space.allowed(slot)[before] * onward[slot]
        ends = np.cumsum(weights, axis=1)
        rows[:, slot] = (ends < generator.random((count, 1)) * ends[:, -1:]).sum(axis=1)
    return rows


def _inside(left: Sequence[NDArray[np.bool_]], rows: Architectures) -> NDArray[np.bool_]:
    """(N,) whether all choices of rows (N, L) are left."""
    inside = np.ones(len(rows), dtype=np.bool_)
    for one, column in zip(left, rows.T, strict=True):
        inside &= one[column]
    return inside
