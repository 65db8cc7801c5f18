"""The loop of every shrinker: judge networks of what is left, take the weakest choices away."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import AccuracyError, ConfigError
from hwnas.search.exact.exact_front import check_reachable_together
from hwnas.search.problem import SearchProblem
from hwnas.search.shrinkers import Stage, make_shrinker
from hwnas.search.shrinkers.left import Left
from hwnas.search.shrinkers.plan import ShrinkPlan
from hwnas.spaces.family import Space
from hwnas.spaces.shrunk import shrunk_space
from hwnas.spaces.space import Architectures, keys

_WITHOUT = "no network has it without what went before"

Judge = Callable[[int, Architectures], NDArray[np.float64]]
"""The number of the stage and networks (N, L) of the whole space → (N,) scores."""

Begin = Callable[[int, Space, float], None]
"""Is told of each stage before networks are judged: its number, the space of what is left, and the
share of the classes to judge on. Networks score otherwise in each then, since it trains, say: those
of earlier stages that are left are judged again."""

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
        judged: networks in all stages; one that is judged again counts again.
        weights: the file of the supernet that was trained before the last stage; None where none
            was.
    """

    whole: Space
    kept: tuple[tuple[int, ...], ...]
    gone: tuple[Gone, ...]
    shares: tuple[float, ...]
    judged: int
    weights: Path | None = None

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
    plan: ShrinkPlan,
    *,
    begin: Begin | None = None,
    progress: Progress | None = None,
) -> Shrunk:
    """Takes choices away, stage by stage, in equal factors of how many networks are left.

    The networks that the search starts from (`problem.start`) are never lost.

    Args:
        problem: a space of blocks and the budgets.
        judge: scores networks, to be maximised.
        plan: by which shrinker, and how far.
        begin: called before each stage; without it a network is judged once.
        progress: called while networks are judged.

    Raises:
        AccuracyError: a score is infinite or not a number.
        BudgetError: no network of the space keeps the budgets.
        ConfigError: there is no such shrinker or setting, or the space is not one of blocks.
    """
    whole = problem.space
    if not isinstance(whole, Space):
        raise ConfigError(f"{whole.name} is not a space of blocks, and cannot be shrunk")
    check_reachable_together(problem)
    shrinker = make_shrinker(plan.method, problem, plan.seed, plan.settings)
    left = Left(problem, np.random.default_rng([plan.seed, 1]))
    known: dict[tuple[int, ...], float] = {}
    gone, shares, judged = list[Gone](), list[float](), 0
    for number in range(1, plan.stages + 1):
        if begin is not None:
            share = shrinker.share_of_classes(number, plan.stages)
            begin(number, shrunk_space(whole, left.blocks), share)
            # Those of the stage alone would be too few to tell a weak choice by.
            again = keys(left.before(left.of(known)[0]))
            known = _scores(judge, number, again)
            judged += len(known)
        stage = Stage(left.problem, number, plan.stages, plan.networks, left.places)
        shrinker.begin(stage)
        count = 0
        while len(rows := shrinker.ask()):
            before = left.before(rows)
            new = [key for key in dict.fromkeys(keys(before)) if key not in known]
            known |= _scores(judge, number, new)
            count += len(new)
            shrinker.tell(rows, np.array([known[key] for key in keys(before)]))
            if progress is not None:
                progress(number, count, left.share)
        judged += count
        rows, scores = left.of(known)
        for weak in shrinker.weakest(rows, scores):
            if left.share <= plan.keep ** (number / plan.stages):
                break
            trial = left.without(stage, weak)
            if trial is None:
                continue
            if trial.share < plan.keep:
                break  # what promises more must not go in its place
            left.take(trial)
            gone += [
                Gone(slot, choice, number, weak.why if slot == trial.slot else _WITHOUT)
                for slot, choice in trial.lost
            ]
        shares.append(left.share)
    return Shrunk(whole, left.blocks, tuple(gone), tuple(shares), judged)


def _scores(
    judge: Judge, stage: int, architectures: Sequence[tuple[int, ...]]
) -> dict[tuple[int, ...], float]:
    if not architectures:
        return {}
    scores = judge(stage, np.array(architectures, dtype=np.int64)).tolist()
    for row, score in zip(architectures, scores, strict=True):
        if not math.isfinite(score):
            raise AccuracyError(
                f"the score of architecture {' '.join(map(str, row))} is {score}, no number; "
                "return one for every network"
            )
    return dict(zip(architectures, scores, strict=True))
