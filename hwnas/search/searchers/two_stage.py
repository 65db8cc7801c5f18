"""Two-stage search (SM-NAS, Yao et al. 2020, arXiv 1911.09929): structures, then their modules."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.objectives.objective import pareto_order
from hwnas.search.front import spread
from hwnas.search.searchers.plain_networks import PlainNetworks
from hwnas.search.searchers.searcher import Searcher
from hwnas.search.searchers.surrogate_model import fit_additive
from hwnas.search.searchers.warp import Warp
from hwnas.search.searchers.widening import most_widening
from hwnas.search.structures import Structures
from hwnas.spaces.space import Architectures, keys

_DRAWN = 20  # random plain networks among which each of the first is taken
_SCREENED = 10  # children among which a surrogate chooses each of a generation
# Generations in a row that bring nothing new, before a stage goes on in another way.
_FRUITLESS = 5


class TwoStageSettings(StrictModel):
    """How evaluations are divided over the stages, and how both evolve.

    Attributes:
        structures: share of the evaluations that the first stage may use.
        population: networks that may be parents, and children a generation; fewer when the limit
            leaves less than 4 generations.
        crossover: probability that a child has two parents, each choice from either.
        mutation: how many modules of a child change, on average.
        children: which of a generation are judged: those that an additive `surrogate` of all that
            was judged expects to widen the front most, or any, at `random`.
    """

    structures: Annotated[float, Field(gt=0, lt=1)] = 0.3
    population: Annotated[int, Field(ge=2)] = 20
    crossover: Annotated[float, Field(ge=0, le=1)] = 0.9
    mutation: Annotated[float, Field(gt=0)] = 1.0
    children: Literal["surrogate", "random"] = "surrogate"


class TwoStage(Searcher):
    """Evolves structures of plain networks, then the modules of those structures on the front.

    A structure is the member of a family (resolution, width) with the depth of every stage. In the
    first stage, all modules of a network are alike, of one size. The structures on its front are
    kept. The second stage evolves which block stands in each of their slots.

    Published is the order of the two stages, each with a front of its own. Ours is that a surrogate
    chooses among children, which makes more of few evaluations.

    Raises:
        BudgetError: no network keeps the budgets.
    """

    name: ClassVar[str] = "two_stage"
    settings_model: ClassVar[type[StrictModel]] = TwoStageSettings
    settings: TwoStageSettings

    @override
    def prepare(self) -> None:
        self._size = min(self.settings.population, max(2, self.evaluations // 4))
        self._for_structures = max(1, round(self.settings.structures * self.evaluations))
        self._structures = Structures(self.problem.space)
        self._plain = PlainNetworks(self.problem, self._structures)
        self._plain_of: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._kept: set[tuple[int, ...]] | None = None

    @override
    def ask(self) -> Architectures:
        if self.remaining <= 0:
            return self.nothing
        if self._kept is None:
            rows = self._first_stage()
            if len(rows):
                return rows
            self._keep_structures()
        for _ in range(_FRUITLESS):
            rows = self._children_of_modules()
            if len(rows):
                return rows
        # All is known of the structures that were kept, or they have converged.
        rows = self.random(self._size)
        self._keep(rows)
        return rows

    def _first_stage(self) -> Architectures:
        """(N, L) plain networks to evaluate next; none where the first stage is over."""
        left = min(self._size, self._for_structures - len(self.scores))
        if left <= 0:
            return self.nothing
        if not self.scores:
            rows = self._first_plain(left)
            # Several budgets together may be kept by no plain network.
            return rows if len(rows) else self.random(left)
        for _ in range(_FRUITLESS):
            parents = [key for key in keys(self._best(*self.evaluated)) if key in self._plain_of]
            if not parents:
                return self.random(left)
            rows = self._children_of_structures(np.array([self._plain_of[key] for key in parents]))
            if len(rows):
                return rows[:left]
        return self.nothing

    def _first_plain(self, count: int) -> Architectures:
        """(N, L) at most `count` plain networks of all costs, with both ends of those drawn."""
        counts = self._plain.counts
        drawn = self.generator.integers(0, counts, size=(_DRAWN * count, len(counts)))
        plain, rows = self._plain.within(drawn)
        order = np.argsort(self.problem.costs(rows), kind="stable")
        strata = [part for part in np.array_split(order, count) if len(part)]
        places = [int(self.generator.choice(part)) for part in strata]
        if len(places) > 1:
            places[0], places[-1] = int(order[0]), int(order[-1])
        return self._new_plain(plain[places], rows[places])

    def _children_of_structures(self, parents: NDArray[np.int64]) -> Architectures:
        """(N, L) plain networks of crossed and changed parents (P, D + 1)."""
        counts = self._plain.counts
        one, other = parents[self._pairs(len(parents))]
        children = np.where(self._crossed(one.shape), other, one)
        free = np.flatnonzero(counts > 1)
        if len(free):
            every, entry = np.arange(len(children)), self.generator.choice(free, len(children))
            steps = self.generator.integers(1, counts[entry])
            children[every, entry] = (children[every, entry] + steps) % counts[entry]
        plain, rows = self._plain.within(children)
        return self._chosen(self._new_plain(plain, rows))

    def _new_plain(self, plain: NDArray[np.int64], rows: Architectures) -> Architectures:
        """The distinct rows whose score is not known; what they are is remembered."""
        for vector, key in zip(keys(plain), keys(rows), strict=True):
            self._plain_of.setdefault(key, vector)
        return self._fresh(rows)

    def _keep_structures(self) -> None:
        """Ends the first stage: its front's structures are what the second one works on."""
        rows, scores = self.evaluated
        self._kept = set()
        self._keep(rows[pareto_order(self.problem.costs(rows), scores)])
        judged = len(set(keys(self._structures.of(rows))))
        self.how = f"the modules of {len(self._kept)} of {judged} judged structures were searched"

    def _keep(self, rows: Architectures) -> None:
        assert self._kept is not None
        self._kept.update(keys(self._structures.of(rows)))

    def _children_of_modules(self) -> Architectures:
        """(N, L) networks of the kept structures, their modules crossed and changed."""
        rows, scores = self.evaluated
        kept = [key in (self._kept or ()) for key in keys(self._structures.of(rows))]
        parents = self._best(rows[kept], scores[kept])
        if not len(parents):
            return self.nothing
        one, other = parents[self._pairs(len(parents))]
        structures = self._structures.of(one)
        there = self._structures.open(structures)
        shared = there & self._structures.open(self._structures.of(other))
        modules = np.where(shared & self._crossed(one.shape), other, one)
        least = self._structures.skips.astype(np.int64)
        counts = self.problem.space.choice_counts
        free = (there & (counts - least > 1)).sum(axis=1, keepdims=True)
        changed = self.generator.random(one.shape) * np.maximum(1, free) < self.settings.mutation
        drawn = self.generator.integers(least, counts, size=one.shape)
        children = self._structures.filled(structures, np.where(changed, drawn, modules))
        return self._chosen(self._fresh(children[self.problem.feasible(children)]))

    def _best(self, rows: Architectures, scores: NDArray[np.float64]) -> Architectures:
        """(N', L) a population of rows (N, L): front after front, the last evenly over costs."""
        costs, left = self.problem.costs(rows), np.arange(len(rows))
        found: list[int] = []
        while len(left) and len(found) < self._size:
            front = pareto_order(costs[left], scores[left])
            some = spread(costs[left[front]], self._size - len(found))
            found += left[front[some]].tolist()
            left = np.delete(left, front)
        return rows[found]

    def _pairs(self, parents: int) -> NDArray[np.int64]:
        """(2, N) the two parents of each child."""
        screened = _SCREENED if self.settings.children == "surrogate" else 1
        return self.generator.integers(0, parents, (2, screened * self._size))

    def _crossed(self, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """(N, C) what each of N children has from its other parent."""
        two = self.generator.random((shape[0], 1)) < self.settings.crossover
        return two & (self.generator.random(shape) < 0.5)

    def _fresh(self, rows: Architectures) -> Architectures:
        """(N', L) the distinct rows, in order, whose score is not known."""
        fresh = [key for key in dict.fromkeys(keys(rows)) if key not in self.scores]
        return np.array(fresh, dtype=np.int64).reshape(len(fresh), self.problem.length)

    def _chosen(self, rows: Architectures) -> Architectures:
        """(N', L) of new children (N, L), those that are judged."""
        count = min(self._size, self.remaining)
        if self.settings.children == "random" or len(rows) <= count:
            return rows[:count]
        known, scores = self.evaluated
        warp = Warp.of(scores, min(self._size, len(scores)))
        model = fit_additive(self.problem.space, known, warp(scores))
        # By the model's own lights: beside a lucky score nothing would ever look worth while.
        front = self.problem.front(known, warp.back(model.evaluate(known)))
        expected = warp.back(model.evaluate(rows))
        return most_widening(self.problem, front, rows, expected, count, float(scores.min()))
