"""Surrogate-guided search: evaluate what a model of the scores promises, refit, repeat.

Predictors of scores pay off on a well-chosen part of the space (arXiv 2011.12043). Where scores are
nearly sums over slots, that part is exact: the best that the model promises in the whole space,
found by dynamic programming. Where they are not, it is climbed to from there.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.search.exact.completion import OPEN, Partials
from hwnas.search.exact.exact_front import FEW_LABELS, exact_front
from hwnas.search.exact.k_best import k_best
from hwnas.search.exact.sampling import sample_feasible
from hwnas.search.neighbours import mutated, neighbours
from hwnas.search.searchers.hopeful import Hopeful, crossed
from hwnas.search.searchers.interactions import ADDITIVE, Interactions
from hwnas.search.searchers.promising import promising, within
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
# Of a batch, what no model chooses: where scores are wholly foretold, and where not at all.
_UNFORESEEN = (0.1, 0.4)
_FEW = 8  # evaluations that tell nothing of interactions
_MOST = 300  # that interactions are fitted to, for it takes with their cube
_PARENTS = 10  # the best so far, of which children are evolved
_CHILDREN = 16  # that are looked at, before a random network is taken instead
_STARTS = 20  # networks that the sums of interactions promise most of, to climb from


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

    The surrogate is the form of growing interaction that foretells the scores so far best. For the
    best network, a batch is what is expected to improve most on the best so far, among the k best
    by its sums, found exactly, and what is climbed to from these and from the best so far. A part
    of it no model chooses, the more, the worse it foretells. For the front, a batch is what adds
    most hypervolume to the front so far, if the surrogate is right; for both, four of one to one of
    the other. What counts is the best observed, never the best predicted.
    """

    name: ClassVar[str] = "surrogate"
    version: ClassVar[int] = 3
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
        # What no model chooses: a part of a network that is still to be asked for, and whether the
        # last of them was evolved; the next one is random then.
        self._owed, self._evolved = 0.0, False

    @override
    def ask(self) -> Architectures:
        if not self.scores:
            return self.random(1) if self.pending else self._first()
        count = min(self._batch, self.remaining)
        if count <= 0:
            return self.nothing
        known, scores = self.evaluated
        warp = Warp.of(scores, self._initial)
        warped, model = warp(scores), None
        sums = fit_additive(self.problem.space, known, warped)
        if len(known) > _FEW:
            model = self._interactions(known, warped)
        for_front = self._share(_FRONT_SHARE[self.settings.aim], count)
        rows = self._for_the_best(sums, model, count - for_front)
        if len(rows) < count and for_front:
            wider = self._widening(sums, model, warp, count)
            rows = self.unseen(np.concatenate((rows, wider)))[:count]
        if len(rows) < count:
            rows = np.concatenate((rows, self.random(count - len(rows), rows)))
        return rows

    def _interactions(self, known: Architectures, warped: NDArray[np.float64]) -> Interactions:
        """Fitted to all that is known; of very much, to the best half and others as they came."""
        if len(known) > _MOST:
            order = np.argsort(-warped, kind="stable")
            best, rest = order[: _MOST // 2], np.sort(order[_MOST // 2 :])
            others = np.linspace(0, len(rest) - 1, _MOST - len(best)).astype(np.int64)
            used = np.sort(np.append(best, rest[others]))
            known, warped = known[used], warped[used]
        return Interactions(self.problem.space, known, warped)

    def _share(self, share: float, count: int) -> int:
        """How many of the next `count` networks are of a share of all."""
        done = len(self.scores) + len(self.pending)
        return math.floor(share * (done + count)) - math.floor(share * done)

    def _for_the_best(self, sums: Trellis, model: Interactions | None, count: int) -> Architectures:
        """(count', L) what may be the best."""
        if model is None or count <= 0:
            return promising(self, sums, count)
        least, most = _UNFORESEEN
        self._owed += (most - (most - least) * max(0.0, model.told)) * count
        unforeseen = math.floor(self._owed)
        self._owed -= unforeseen
        rows = self._hopeful(sums, model, count - unforeseen)
        for _ in range(unforeseen):
            other = self.random(1, rows) if self._evolved else self._child(rows)
            self._evolved = not self._evolved
            rows = np.concatenate((rows, other))
        return rows

    def _hopeful(self, sums: Trellis, model: Interactions, count: int) -> Architectures:
        """(count', L) the unseen that are expected to improve most on the best."""
        if count <= 0:
            return self.nothing
        known, best = self._parents()
        asked = np.concatenate((known, self.rows_pending))
        found = Hopeful(self.problem, model, asked, float(model.mean(known).max()))
        additive = model.form.name == ADDITIVE
        # Of an additive score, the unseen of the very best; of any other, tops to climb from.
        starts = len(asked) + count if additive else _STARTS
        promised, _ = k_best(sums if additive else model.sums or sums, self.problem.relaxed, starts)
        found.add(within(self.problem, promised))
        found.add_around(best, known, self.generator)
        rows = found.batch(count, self.rows_pending)
        if len(rows) < count:  # a space that is nearly all seen
            rows = self.unseen(np.concatenate((rows, promising(self, sums, count))))[:count]
        return rows

    def _child(self, others: Architectures) -> Architectures:
        """(1, L) a new network evolved from the best so far, none of `others`; or a random one."""
        known, best = self._parents()
        children = crossed(best, known, _CHILDREN, self.generator)
        children = mutated(self.problem.space, children, self.generator)
        child = self.first_unseen(children[self.problem.feasible(children)], others)
        return child if len(child) else self.random(1, others)

    def _parents(self) -> tuple[Architectures, Architectures]:
        """(N, L) all that is known, and the best of it, best first."""
        known, scores = self.evaluated
        return known, known[np.argsort(-scores, kind="stable")[:_PARENTS]]

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
        self, sums: Trellis, model: Interactions | None, warp: Warp, count: int
    ) -> Architectures:
        """(count', L) the unseen that add most to the front, if they score as is expected."""

        def expected(rows: Architectures) -> NDArray[np.float64]:
            interact = model is not None and model.form.name != ADDITIVE
            warped = model.mean(rows) if model and interact else sums.evaluate(rows)
            return warp.back(warped)

        evaluated, scores = self.evaluated
        asked = np.concatenate((evaluated, self.rows_pending))
        promised = exact_front(sums, self.problem.relaxed, FEW_LABELS)
        # By the model's own lights: beside a lucky score nothing would ever look worth while.
        front = self.problem.front(asked, expected(asked))
        spread = np.linspace(0, len(promised.costs) - 1, _AROUND).round().astype(np.int64)
        near = neighbours(self.problem, promised.architectures[np.unique(spread)])
        around = neighbours(self.problem, front.architectures)
        every = dict.fromkeys(keys(np.concatenate((promised.architectures, near, around))))
        fresh = [key for key in every if self.is_new(key)]
        rows = within(
            self.problem, np.array(fresh, dtype=np.int64).reshape(-1, self.problem.length)
        )
        least = float(scores.min())
        return most_widening(self.problem, front, rows, expected(rows), count, least)
