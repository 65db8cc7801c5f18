"""The loop of every shrinker: judge networks of what is left, take the weakest choices away."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import ConfigError
from hwnas.search.exact.exact_front import check_reachable_together
from hwnas.search.exact.sampling import enumerate_feasible, sample_feasible
from hwnas.search.policies.choices import FlatChoices
from hwnas.search.policies.reach import reachable
from hwnas.search.problem import CheckedLimit, SearchProblem
from hwnas.search.shrinkers import Shrinker, Stage, make_shrinker
from hwnas.search.trellis import Trellis
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.family import Space, SpaceFamily
from hwnas.spaces.shrunk import reachable_choices, shrunk_space
from hwnas.spaces.space import Architectures, keys

STAGES, NETWORKS, KEEP = 4, 100, 0.1
"""The defaults of `shrink`."""

# All networks within the budgets are counted where so many prefixes lead to them; else the share
# that is left is estimated from so many draws, of which so many at least keep the budgets.
_ENUMERATED, _DRAWN, _LEAST = 50_000, 32_768, 1024

Judge = Callable[[int, Architectures], NDArray[np.float64]]
"""The number of the stage and networks (N, L) of the whole space → (N,) scores."""

Begin = Callable[[int, Space], bool]
"""Is told of each stage, and of the space of what is left, before networks are judged: trains, say.
Returns whether scores are others than before."""

Progress = Callable[[int, int, float], None]
"""Called with the stage, the networks judged in it, and the share that is left."""


@dataclass(frozen=True)
class Gone:
    """A choice that was taken away: of which slot, by its number, in which stage, and why."""

    slot: int
    choice: int
    stage: int
    why: str


@dataclass(frozen=True)
class Shrunk:
    """What is left of a space.

    Attributes:
        whole: the space before.
        kept: of each slot of blocks the choices that stay, by their numbers in it.
        gone: the others, as they went.
        shares: of the networks within the budgets that were left after each stage.
        judged: networks in all stages.
    """

    whole: Space
    kept: tuple[tuple[int, ...], ...]
    gone: tuple[Gone, ...]
    shares: tuple[float, ...]
    judged: int

    @property
    def space(self) -> Space:
        """Of what is left."""
        return shrunk_space(self.whole, self.kept)

    @property
    def share(self) -> float:
        """Of the networks within the budgets that are left."""
        return self.shares[-1] if self.shares else 1.0


def shrink(
    problem: SearchProblem,
    judge: Judge,
    method: str | type[Shrinker],
    *,
    stages: int = STAGES,
    networks: int = NETWORKS,
    keep: float = KEEP,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    begin: Begin | None = None,
    progress: Progress | None = None,
) -> Shrunk:
    """Takes choices away, stage by stage, in equal factors of how many networks are left.

    The networks that the search starts from (`problem.start`) are never lost.

    Args:
        problem: a space of blocks and the budgets.
        judge: scores networks, to be maximised.
        method: which shrinker.
        stages: how many.
        networks: to be judged in each, at most.
        keep: the share of the networks within the budgets that is left at least.
        seed: of everything random.
        settings: of the shrinker that are not at their defaults.
        begin: called before each stage.
        progress: called while networks are judged.

    Raises:
        BudgetError: no network of the space keeps the budgets.
        ConfigError: there is no such shrinker or setting, or the space is not one of blocks.
    """
    whole = problem.space
    if not isinstance(whole, Space):
        raise ConfigError(f"{whole.name} is not a space of blocks, and cannot be shrunk")
    check_reachable_together(problem)
    shrinker = make_shrinker(method, problem, seed, settings)
    left = _Left(problem, np.random.default_rng([seed, 1]))
    known: dict[tuple[int, ...], float] = {}
    gone, shares, judged = list[Gone](), list[float](), 0
    for number in range(1, stages + 1):
        if begin is not None and begin(number, shrunk_space(whole, left.blocks)):
            known.clear()
        stage = Stage(left.problem, number, stages, networks, left.places)
        shrinker.begin(stage)
        count = 0
        while len(rows := shrinker.ask()):
            before = left.before(rows)
            new = [key for key in dict.fromkeys(keys(before)) if key not in known]
            if new:
                scores = judge(number, np.array(new, dtype=np.int64))
                known.update(zip(new, scores.tolist(), strict=True))
            count += len(new)
            shrinker.tell(rows, np.array([known[key] for key in keys(before)]))
            if progress is not None:
                progress(number, count, left.share)
        judged += count
        rows, scores = left.of(known)
        for weak in shrinker.weakest(rows, scores):
            if left.share <= keep ** (number / stages):
                break
            gone += left.take(stage, weak.slot, weak.choice, keep ** (number / stages), weak.why)
        shares.append(left.share)
    return Shrunk(whole, left.blocks, tuple(gone), tuple(shares), judged)


class _Left:
    """Which choices are left, by their numbers in the space before."""

    def __init__(self, problem: SearchProblem, generator: np.random.Generator) -> None:
        self._whole, self._space = problem, cast(Space, problem.space)
        self._members = int(isinstance(self._space, SpaceFamily))
        self._all: list[NDArray[np.bool_]] = [
            np.ones(count, dtype=np.bool_) for count in problem.space.choice_counts
        ]
        self._sample: Architectures | None = None
        if problem.every_limit:
            self._sample = _networks(problem, generator)
        self._held = [set[int]() for _ in self._all]
        for row in () if problem.start is None else problem.start.tolist():
            for slot, choice in enumerate(row):
                self._held[slot].add(choice)
        self._restrict()

    @property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        """Of the slots of blocks."""
        return tuple(tuple(np.flatnonzero(one).tolist()) for one in self._all[self._members :])

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

    def take(self, stage: Stage, slot: int, choice: int, least: float, why: str) -> list[Gone]:
        """Takes a choice of a stage away, where what is left then is no less than a share.

        Returns:
            What went: the choice, and those that no network has without it; nothing where it stays.
        """
        places, starts = stage.places, stage.choices.starts
        number = int(
            places[starts[slot] + choice]
            - FlatChoices(self._whole.space.choice_counts).starts[slot]
        )
        if slot < self._members or not self._all[slot][number] or self._all[slot].sum() < 2:
            return []
        trial = [one.copy() for one in self._all]
        trial[slot][number] = False
        blocks = [np.flatnonzero(one).tolist() for one in trial[self._members :]]
        try:
            blocks = [list(one) for one in reachable_choices(self._space.members[0], blocks)]
        except ValueError:
            return []
        for one, stay in zip(trial[self._members :], blocks, strict=True):
            one[:] = False
            one[stay] = True
        lost = [
            (place, number)
            for place, (was, now) in enumerate(zip(self._all, trial, strict=True))
            for number in np.flatnonzero(was & ~now).tolist()
        ]
        if any(number in self._held[place] for place, number in lost):
            return []
        if not reachable(self._whole, trial) or self._share(trial) < least:
            return []
        if self._sample is not None and not _inside(trial, self._sample).any():
            return []
        self._all = trial
        self._restrict()
        others = "no network has it without what went before"
        return [
            Gone(place - self._members, other, stage.number, why if place == slot else others)
            for place, other in lost
        ]

    def _share(self, trial: Sequence[NDArray[np.bool_]]) -> float:
        if self._sample is not None:
            return float(_inside(trial, self._sample).mean())
        blocks = [np.flatnonzero(one).tolist() for one in trial[self._members :]]
        return shrunk_space(self._space, blocks).size / self._space.size

    def _restrict(self) -> None:
        self.share = self._share(self._all)
        space = shrunk_space(self._space, self.blocks)
        self.problem = restricted(self._whole, space, self._all)


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


def _networks(problem: SearchProblem, generator: np.random.Generator) -> Architectures:
    """(N, L) all networks within the budgets where they are few, else some, each as likely."""
    every = enumerate_feasible(problem, _ENUMERATED)
    if every is not None:
        return every
    drawn = _uniform(problem.space, generator, _DRAWN)
    found: Architectures = drawn[problem.feasible(drawn)]
    if len(found) < _LEAST:  # hardly any keeps the budgets: those that can be found
        found = sample_feasible(problem, generator, _LEAST)
    return found


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
