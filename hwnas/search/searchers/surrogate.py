"""Surrogate-guided search: evaluate where an additive model's exact optimum is, refit, repeat.

Predictors of scores pay off on a well-chosen part of the space (arXiv 2011.12043). Here that part
is exact: the best that the model promises in the whole space, found by dynamic programming.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.search.exact.completion import OPEN, Partials
from hwnas.search.exact.exact_front import FEW_LABELS, exact_front
from hwnas.search.exact.k_best import k_best
from hwnas.search.exact.sampling import sample_feasible
from hwnas.search.neighbours import neighbours
from hwnas.search.searchers.searcher import Searcher
from hwnas.search.searchers.surrogate_model import fit_additive
from hwnas.search.searchers.warp import Warp
from hwnas.search.searchers.widening import most_widening
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures, keys

_RANDOM_SHARE = 4  # a quarter of the evaluations
_PER_STRATUM = 20  # random networks among which one a stratum of cost is taken
_REFITS = 20
# Of the evaluations, by aim: a front needs its best end, too, where an area to be widened is least.
_FRONT_SHARE = {"best": 0.0, "both": 0.2, "front": 0.9}
_AROUND = 40  # networks of the promised front whose neighbours are looked at


class SurrogateSettings(StrictModel):
    """What a search is after.

    Attributes:
        aim: the `best` network within the budgets, the whole `front`, or `both`.
        batch: networks that are asked for at once, to be evaluated side by side, before the model
            is fitted anew; by default a twentieth of the evaluations.
    """

    aim: Literal["both", "best", "front"] = "both"
    batch: Annotated[int, Field(ge=1)] | None = None


class SurrogateSearch(Searcher):
    """Random networks of all costs first, then batch by batch what the surrogate promises most.

    For the best, a batch is the unseen of the surrogate's k best within the budgets; for the front,
    what adds most hypervolume to the front so far, if the surrogate is right; for both, four of one
    to one of the other. What counts is the best observed, never the best predicted.
    """

    name: ClassVar[str] = "surrogate"
    asynchronous: ClassVar[Mapping[str, Any] | None] = {"batch": 1}
    settings_model: ClassVar[type[StrictModel]] = SurrogateSettings
    settings: SurrogateSettings

    @override
    def prepare(self) -> None:
        freedom = int((self.problem.space.choice_counts - 1).sum())
        self._initial = max(
            min(self.evaluations // _RANDOM_SHARE, 2 * freedom), min(4, self.evaluations)
        )
        self._batch = self.settings.batch or max(1, self.evaluations // _REFITS)

    @override
    def ask(self) -> Architectures:
        if not self.scores:
            return self.random(1) if self.pending else self._first()
        count = min(self._batch, self.remaining)
        if count <= 0:
            return self.nothing
        known, scores = self.evaluated
        warp = Warp.of(scores, self._initial)
        model = fit_additive(self.problem.space, known, warp(scores))
        share, done = _FRONT_SHARE[self.settings.aim], len(known) + len(self.pending)
        for_front = math.floor(share * (done + count)) - math.floor(share * done)
        rows = self._promising(model, count - for_front)
        if len(rows) < count and for_front:
            wider = self._widening(model, warp, count)
            rows = self.unseen(np.concatenate((rows, wider)))[:count]
        if len(rows) < count:
            rows = np.concatenate((rows, self.random(count - len(rows), rows)))
        return rows

    def _promising(self, model: Trellis, count: int) -> Architectures:
        """(count', L) the unseen of which the model promises most."""
        asked = len(self.scores) + len(self.pending)
        best, _ = k_best(model, self.problem.relaxed, asked + count)
        rows = self.unseen(self._within(best))[:count]
        if len(rows) < count:
            # Budgets that hardly agree, or a space that is nearly all seen.
            front = exact_front(model, self.problem.relaxed, FEW_LABELS).architectures[::-1]
            rows = self.unseen(np.concatenate((rows, self._within(front))))[:count]
        return rows

    def _within(self, rows: Architectures) -> Architectures:
        """What is left of rows (N, L) of an exact search by limits that it does not know of."""
        return rows[self.problem.feasible(rows)] if self.problem.tested else rows

    def _first(self) -> Architectures:
        """One random network of each of equally many of all costs; for a front also both ends."""
        front = self.settings.aim != "best" and self._initial >= 4
        ends = self._ends() if front else self.nothing
        wanted = self._initial - len(ends)
        rows = sample_feasible(self.problem, self.generator, _PER_STRATUM * wanted, set(keys(ends)))
        rows = rows[np.argsort(self.problem.costs(rows), kind="stable")]
        strata = np.array_split(np.arange(len(rows)), max(1, min(wanted, len(rows))))
        drawn = [int(self.generator.choice(stratum)) for stratum in strata if len(stratum)]
        return self.unseen(np.concatenate((ends, rows[drawn])))

    def _ends(self) -> Architectures:
        """The cheapest network, and a costliest within the budgets."""
        first = np.full((int(self.problem.space.choice_counts[0]), self.problem.length), OPEN)
        first[:, 0] = np.arange(len(first))
        open_rows = Partials(self.problem, first)
        within = Partials(self.problem, first[open_rows.completable()])
        cheap = self.problem.cost.completed(within.rows[:, :1])
        rows = np.concatenate((cheap, within.filled(within=True)))
        # Each budget alone can be kept by them; all together, perhaps by none.
        rows = rows[self.problem.feasible(rows)]
        order = np.argsort(self.problem.costs(rows), kind="stable")
        return np.unique(rows[[*order[:1], *order[-1:]]], axis=0)

    def _widening(
        self,
        model: Trellis,
        warp: Warp,
        count: int,
    ) -> Architectures:
        """(count', L) the unseen that add most to the front, if they score as the model says."""
        evaluated, scores = self.evaluated
        asked = np.concatenate((evaluated, self.rows_pending))
        promised = exact_front(model, self.problem.relaxed, FEW_LABELS)
        # By the model's own lights: beside a lucky score nothing would ever look worth while.
        front = self.problem.front(asked, warp.back(model.evaluate(asked)))
        spread = np.linspace(0, len(promised.costs) - 1, _AROUND).round().astype(np.int64)
        near = neighbours(self.problem, promised.architectures[np.unique(spread)])
        around = neighbours(self.problem, front.architectures)
        rows = np.unique(np.concatenate((promised.architectures, near, around)), axis=0)
        fresh = [index for index, key in enumerate(keys(rows)) if self.is_new(key)]
        rows = self._within(rows[fresh])
        expected = warp.back(model.evaluate(rows))
        return most_widening(self.problem, front, rows, expected, count, float(scores.min()))
