"""Exact search: evaluate where an additive surrogate's exact front says best, refit, repeat.

Predictors of scores pay off on a well-chosen part of the space (arXiv 2011.12043); the surrogate's
exact front is that part of the whole space.
"""

import math
from typing import ClassVar

import numpy as np

from devices.config import StrictModel
from hwnas.search.exact import exact_front
from hwnas.search.front import Front, spread
from hwnas.search.neighbours import neighbours
from hwnas.search.problem import SearchProblem
from hwnas.search.sampling import sample_feasible
from hwnas.search.searcher import Searcher
from hwnas.search.surrogate import fit_additive
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures

_RANDOM_SHARE = 0.4
_MOST_RANDOM = 0.8  # a small limit still leaves a fifth for what was learnt
_REFITS = 6
_NEIGHBOURS_OF = 40  # members of the front whose neighbours are looked at


class ExactSearch(Searcher):
    """Random architectures first, then the unseen of the surrogate's exact front, refitted.

    What counts is the best observed, never the best predicted.
    """

    name: ClassVar[str] = "exact"

    def __init__(
        self,
        problem: SearchProblem,
        evaluations: int,
        seed: int,
        settings: StrictModel | None = None,
    ) -> None:
        super().__init__(problem, evaluations, seed, settings)
        wanted = max(math.ceil(_RANDOM_SHARE * evaluations), 2 * problem.length)
        self._initial = min(wanted, max(1, math.ceil(_MOST_RANDOM * evaluations)))
        self._batch = max(1, math.ceil((evaluations - self._initial) / _REFITS))

    def ask(self) -> Architectures:
        """(N, L) canonical architectures to evaluate next, (0, L) when the search is over."""
        if len(self.scores) < self._initial:
            rows = self._random(min(self._initial - len(self.scores), self.remaining))
            if len(rows) or not self.scores:
                return rows
        count = min(self._batch, self.remaining)
        if count <= 0:
            return self._random(0)
        seen = np.array(list(self.scores), dtype=np.int64)
        score = fit_additive(self.problem.space, seen, np.array(list(self.scores.values())))
        front = exact_front(score, self.problem)
        fresh = self._fresh(front.architectures)
        rows = fresh[spread(self.problem.costs(fresh), count)]
        if len(rows) < count:
            near = self._fresh(self._neighbours(front, score))
            rows = self.unseen(np.concatenate((rows, near)))[:count]
        if len(rows) < count:
            asked = {*self.scores, *(tuple(map(int, row)) for row in rows)}
            more = sample_feasible(self.problem, self.generator, count - len(rows), asked)
            rows = np.concatenate((rows, more))
        return rows

    def _random(self, count: int) -> Architectures:
        return sample_feasible(self.problem, self.generator, count, seen=self.scores)

    def _fresh(self, rows: Architectures) -> Architectures:
        new = np.array([tuple(map(int, row)) not in self.scores for row in rows], dtype=np.bool_)
        fresh: Architectures = rows[new]
        return fresh

    def _neighbours(self, front: Front, score: Trellis) -> Architectures:
        """(N, L) feasible architectures one mutation off the front, least behind it first."""
        around = front.architectures[spread(front.costs, _NEIGHBOURS_OF)]
        rows = neighbours(self.problem, around)
        at_cost = np.searchsorted(front.costs, self.problem.costs(rows), side="right") - 1
        behind = front.scores[at_cost] - score.evaluate(rows)
        nearest: Architectures = rows[np.argsort(behind, kind="stable")]
        return nearest
