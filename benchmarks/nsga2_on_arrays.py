"""pymoo's NSGA-II on a trellis, by itself: the rival of the exact front.

Nothing of hwnas stands between it and the arrays: a population is evaluated by two array lookups a
slot, and no journal is kept.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import moocore
import numpy as np
from numpy.typing import NDArray
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.problem import Problem
from pymoo.operators.crossover.pntx import TwoPointCrossover
from pymoo.operators.crossover.ux import UniformCrossover
from pymoo.operators.sampling.rnd import IntegerRandomSampling

from hwnas.objectives.objective import pareto_order
from hwnas.search.problem import SearchProblem
from hwnas.search.searchers.pymoo_operators import RandomChoice
from hwnas.search.trellis import Trellis

Share = Callable[[NDArray[np.float64], NDArray[np.float64]], float]


@dataclass(frozen=True)
class Settings:
    """What can be chosen of NSGA-II."""

    population: int = 100
    crossover: str = "two-point"
    mutations: float = 1.0  # slots changed on average
    duplicates: bool = True  # whether pymoo removes them


class _OnArrays(Problem):  # type: ignore[misc]
    def __init__(self, score: Trellis, problem: SearchProblem) -> None:
        counts = problem.space.choice_counts
        super().__init__(n_var=len(counts), n_obj=2, xl=0, xu=counts - 1, vtype=int)
        self._score, self._search = score, problem
        self.seen: list[NDArray[np.float64]] = []

    def _evaluate(self, rows: Any, out: dict[str, Any], *_: Any, **__: Any) -> None:
        rows = self._search.space.canonical(rows)
        values = np.column_stack((self._search.cost.evaluate(rows), -self._score.evaluate(rows)))
        self.seen.append(values)
        out["F"] = values


@dataclass(frozen=True)
class Progress:
    """The share of the exact front's hypervolume over (G,) evaluations and seconds."""

    evaluations: NDArray[np.int64]
    seconds: NDArray[np.float64]
    shares: NDArray[np.float64]

    def seconds_to(self, share: float) -> float:
        """The seconds until that share was reached, infinite where it was not."""
        reached = np.flatnonzero(self.shares >= share)
        return float(self.seconds[reached[0]]) if len(reached) else np.inf

    def share_at(self, evaluations: int) -> float:
        """The share that as many evaluations reached."""
        done = np.flatnonzero(self.evaluations <= evaluations)
        return float(self.shares[done[-1]]) if len(done) else 0.0


def run(
    score: Trellis,
    problem: SearchProblem,
    share_of: Share,
    settings: Settings,
    seed: int,
    most_seconds: float,
    enough: float = 0.99,
    least_evaluations: int = 10_000,
) -> Progress:
    """Runs NSGA-II until it has `enough` of the front, or the time is over.

    Counted are pymoo's own seconds, evaluations included; that it is watched is not. All that it
    ever evaluated counts for its front, not only the present population.
    """
    watched = _OnArrays(score, problem)
    crossover = UniformCrossover() if settings.crossover == "uniform" else TwoPointCrossover()
    algorithm = NSGA2(
        pop_size=settings.population,
        sampling=IntegerRandomSampling(),
        crossover=crossover,
        mutation=RandomChoice(settings.mutations / problem.length),
        eliminate_duplicates=settings.duplicates,
    )
    algorithm.setup(watched, termination=("n_gen", 10**9), seed=seed, verbose=False)
    front = np.empty((0, 2))
    rows: list[tuple[int, float, float]] = []
    seconds, evaluations = 0.0, 0
    while seconds < most_seconds:
        start = time.perf_counter()
        algorithm.next()
        seconds += time.perf_counter() - start
        evaluations += sum(map(len, watched.seen))
        points = np.concatenate((front, *watched.seen))
        watched.seen.clear()
        front = points[pareto_order(points[:, 0], -points[:, 1])]
        rows.append((evaluations, seconds, share_of(front[:, 0], -front[:, 1])))
        if rows[-1][2] >= enough and evaluations >= least_evaluations:
            break
    done, spent, shares = zip(*rows, strict=True)
    return Progress(np.array(done), np.array(spent), np.array(shares))


def share_of_front(costs: NDArray[np.float64], scores: NDArray[np.float64], box: Any) -> Share:
    """A function (costs, scores) → share of the hypervolume of that front, worst corner `box`."""
    whole = moocore.hypervolume(np.column_stack((costs, -scores)), ref=box)

    def share(some_costs: NDArray[np.float64], some_scores: NDArray[np.float64]) -> float:
        found = moocore.hypervolume(np.column_stack((some_costs, -some_scores)), ref=box)
        return float(found / whole)

    return share
