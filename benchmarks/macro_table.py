"""NAS-Bench-Macro for benchmarks: its space, its trainings, ranks and hypervolumes."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwnas.objectives.costs import MACS
from hwnas.objectives.objective import pareto_order
from hwnas.search.front import dominated_share
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.searchers.searcher import Searcher
from hwnas.search.trellis import Trellis
from hwnas.spaces import Architectures, SearchSpace, load_space
from hwnas.spaces.space import keys

Scores = NDArray[np.float64]

_TOP = 0.01  # of the networks: those that a space should keep


@dataclass(frozen=True)
class Macro:
    """The distinct networks of the benchmark, (N, L), with what was measured of each.

    Attributes:
        space: `nas_bench_macro`.
        rows: (N, L) canonical architectures.
        runs: (N, 3) accuracies of three trainings, in per cent.
        mean: (N,) their mean: the truth.
    """

    space: SearchSpace
    rows: Architectures
    runs: NDArray[np.float64]
    mean: Scores

    @classmethod
    def load(cls, path: Path) -> "Macro":
        """From the JSON file that its authors publish."""
        table = json.loads(path.read_text(encoding="utf-8"))
        space = load_space("nas_bench_macro")
        every = np.array(list(itertools.product(*map(range, space.choice_counts.tolist()))))
        rows = np.unique(space.canonical(every), axis=0)
        entries = [table["".join(map(str, row))] for row in rows.tolist()]
        runs = np.array([entry["test_acc"] for entry in entries])
        return cls(space, rows, runs, np.array([entry["mean_acc"] for entry in entries]))

    @cached_property
    def cost(self) -> Trellis:
        """MACs."""
        return Trellis.of(self.space, MACS)

    @cached_property
    def index(self) -> dict[tuple[int, ...], int]:
        """Where each architecture stands."""
        return {key: place for place, key in enumerate(keys(self.rows))}

    def drawn(self, seed: int, networks: int) -> NDArray[np.int64]:
        """(networks,) places of the networks that a seed ranks."""
        return np.random.default_rng([seed, 31]).permutation(len(self.rows))[:networks]

    def problem(self, quantile: float | None) -> SearchProblem:
        """Accuracy against MACs, with a budget at a quantile of all networks' MACs."""
        if quantile is None:
            return SearchProblem(self.space, self.cost)
        bound = float(np.quantile(self.cost.evaluate(self.rows), quantile))
        return SearchProblem(self.space, self.cost, (Limit(self.cost, bound),))

    def observed(self, seed: int) -> Scores:
        """(N,) of each network the accuracy of one of its trainings, drawn at random."""
        drawn = np.random.default_rng([seed, 777]).integers(0, 3, len(self.rows))
        return self.runs[np.arange(len(self.rows)), drawn]

    def searched(self, searcher: Searcher, scores: Scores) -> NDArray[np.int64]:
        """(M,) what a searcher evaluates that gets these scores, in order."""
        while len(rows := searcher.ask()):
            searcher.tell(rows, scores[[self.index[key] for key in keys(rows)]])
        return np.array([self.index[key] for key in searcher.scores], dtype=np.int64)

    def best(self, problem: SearchProblem, found: NDArray[np.int64], scores: Scores) -> int:
        """Of what was found, the feasible network of the greatest score."""
        kept = found[problem.feasible(self.rows[found])]
        return int(kept[scores[kept].argmax()])

    def rank(self, problem: SearchProblem, place: int) -> int:
        """How many feasible networks are truly as good as this one or better."""
        feasible = self.mean[problem.feasible(self.rows)]
        return int((feasible > self.mean[place]).sum()) + 1

    def kept(
        self, choices: Sequence[Sequence[int]], feasible: NDArray[np.int64] | None = None
    ) -> tuple[float, float]:
        """Which share of the networks has some choices alone, and which of the truly best 1 %.

        Args:
            choices: of each slot those that are kept.
            feasible: the places of the networks that count; None for all.
        """
        some = np.arange(len(self.rows)) if feasible is None else feasible
        order = some[np.argsort(-self.mean[some], kind="stable")]
        inside = np.logical_and.reduce(
            [np.isin(column, one) for column, one in zip(self.rows.T, choices, strict=True)]
        )
        top = order[: max(1, round(_TOP * len(order)))]
        return float(inside[some].mean()), float(inside[top].mean())

    def hypervolume(self, found: NDArray[np.int64], scores: Scores) -> float:
        """The share of the true front's area that the found front has, judged by true accuracies.

        The front is chosen by `scores`. The corner is the most MACs and the least accuracy of all.
        """
        front = found[pareto_order(self._points[found, 0], scores[found])]
        return self._area(front) / self._area(np.arange(len(self.rows)))

    @cached_property
    def _points(self) -> NDArray[np.float64]:
        """(N, 2) MACs and minus the mean accuracy."""
        return np.column_stack((self.cost.evaluate(self.rows), -self.mean))

    def _area(self, places: NDArray[np.int64]) -> float:
        best, worst = self._points.min(axis=0), self._points.max(axis=0)
        return dominated_share(self._points[places], ideal=best, reference=worst)
