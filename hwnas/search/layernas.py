"""LayerNAS (arXiv 2304.11517): one sweep over the slots, the best few of each cost bucket kept."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from devices.config import StrictModel
from hwnas.search.problem import SearchProblem
from hwnas.search.sampling import extensions, sample_feasible
from hwnas.search.searcher import Searcher
from hwnas.spaces.space import Architectures

# Children kept room for per evaluation of a slot: some break the budget or are known already.
_CHILDREN = 1.5


class LayerNASSettings(StrictModel):
    """How finely costs are told apart, and how many models are kept of each: keep matters more.

    Attributes:
        buckets: H, over the reachable costs of each slot.
        keep: K, models kept a bucket.
    """

    buckets: Annotated[int, Field(ge=1)] = 30
    keep: Annotated[int, Field(ge=1)] = 3


@dataclass(frozen=True)
class _Layer:
    """The children of the kept prefixes: all that the sweep looks at in one slot.

    Attributes:
        prefixes: (N, P) choices of the slots so far. They are distinct and obey the canonical
            transitions, hence so are the models.
        models: (N, L) the prefixes completed by the most expensive choices.
        inherited: (N,) the score of the prefix that each extends.
        reached: (N,) the least cost of a network with each prefix.
    """

    prefixes: Architectures
    models: Architectures
    inherited: NDArray[np.float64]
    reached: NDArray[np.float64]


class LayerNAS(Searcher):
    """One sweep: extend every kept prefix by each choice, keep the best of each cost bucket.

    While a slot is searched, later slots take their most expensive choices. So the models asked
    for during the sweep may break the budget: that is the published method, only their prefixes
    matter. The last slots complete within the budget, and only feasible networks are results.

    The evaluations are shared out over the slots, so that a sweep always reaches the last one: a
    slot may use what is left divided by the slots left. Where the limit is short, fewer models a
    bucket and then fewer buckets are kept; what still is too much is taken evenly from the
    buckets, the children of the best prefixes first. Children equal to an evaluated model cost
    nothing. A sweep that fits its limit ends below it.

    An unabridged sweep takes O(buckets · keep · choices · L) evaluations. The seed decides the
    random choices where the limit is short.

    Raises:
        BudgetError: no network keeps the budgets.
    """

    name: ClassVar[str] = "layernas"
    settings_model: ClassVar[type[StrictModel]] = LayerNASSettings
    settings: LayerNASSettings

    def __init__(
        self,
        problem: SearchProblem,
        evaluations: int,
        seed: int,
        settings: LayerNASSettings | None = None,
    ) -> None:
        super().__init__(problem, evaluations, seed, settings)
        self._costliest = problem.cost.negated
        self._prefixes: Architectures = np.zeros((1, 0), dtype=np.int64)
        self._prefix_scores = np.zeros(1)
        self._asked: _Layer | None = None

    def ask(self) -> Architectures:
        """(N, L) canonical architectures to evaluate next, (0, L) when the search is over."""
        if self._asked is not None:
            self._close(self._asked)
            self._asked = None
        while self._prefixes.shape[1] < self.problem.length:
            layer = self._open()
            rows = self._choose(layer)
            if len(rows):
                self._asked = layer
                return rows
            self._close(layer)
        return self._last_resort()

    def _open(self) -> _Layer:
        parents, prefixes = extensions(self.problem, self._prefixes)
        models = self._costliest.completed(prefixes)
        if prefixes.shape[1] == models.shape[1]:
            kept = self.problem.feasible(models)
            parents, prefixes, models = parents[kept], prefixes[kept], models[kept]
        return _Layer(
            prefixes, models, self._prefix_scores[parents], self.problem.cost.reach(prefixes)
        )

    def _sized(self, slot: int) -> tuple[int, int]:
        """(H, K) for which the children of the kept nearly fit into what a slot may evaluate.

        A better sweep than many prefixes of which few children each are tried: on NAS-Bench-Macro
        with 100 evaluations it ends 0.10 instead of 0.26 points below the best within a budget.
        One child of each prefix is the prefix's own model and known already.
        """
        counts = self.problem.space.choice_counts
        if slot == len(counts):
            return self.settings.buckets, self.settings.keep
        room = _CHILDREN * self.remaining / (len(counts) - slot) / max(1, int(counts[slot]) - 1)
        keep = min(self.settings.keep, max(1, int(room / self.settings.buckets)))
        return min(self.settings.buckets, max(1, int(room / keep))), keep

    def _choose(self, layer: _Layer) -> Architectures:
        """The models to evaluate: all that are new, or the slot's quota evenly over buckets."""
        left = self.problem.length - layer.prefixes.shape[1] + 1
        buckets = _bucket_of(layer.reached, self.settings.buckets)
        order = _by_bucket(buckets, layer.inherited, self.generator)
        return self.unseen(layer.models[order])[: self.remaining // left]

    def _close(self, layer: _Layer) -> None:
        """Keeps the best of each bucket among the children whose score is known."""
        known = [self.scores.get(tuple(map(int, row))) for row in layer.models]
        scored = np.array([score is not None for score in known], dtype=np.bool_)
        if not scored.any():
            # No evaluation was left for this slot: its children stand for the prefixes they extend.
            scored[:] = True
            known = [float(score) for score in layer.inherited]
        prefixes = layer.prefixes[scored]
        count, keep = self._sized(prefixes.shape[1])
        buckets = _bucket_of(layer.reached[scored], count)
        scores = np.array([score for score in known if score is not None], dtype=np.float64)
        order = np.lexsort((-scores, buckets))
        best = order[_rank_within(buckets[order]) < keep]
        self._prefixes, self._prefix_scores = prefixes[best], scores[best]

    def _last_resort(self) -> Architectures:
        """Random feasible networks, should several budgets together have ended every prefix."""
        told = np.array(list(self.scores), dtype=np.int64)
        none = not len(told) or not self.problem.feasible(told).any()
        count = self.remaining if none else 0
        return sample_feasible(self.problem, self.generator, count, seen=self.scores)


def _bucket_of(reached: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """(N,) the bucket of each cost, `count` of them over the range that these costs span."""
    if not len(reached):
        return np.zeros(0, dtype=np.int64)
    share = (reached - reached.min()) / (float(np.ptp(reached)) or 1.0)
    buckets: NDArray[np.int64] = np.minimum((share * count).astype(np.int64), count - 1)
    return buckets


def _rank_within(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) the position of each member of sorted groups within its group."""
    _, first, sizes = np.unique(groups, return_index=True, return_counts=True)
    return np.arange(len(groups)) - np.repeat(first, sizes)


def _by_bucket(
    buckets: NDArray[np.int64], scores: NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.int64]:
    """An order that takes one of each bucket in turn, best score first, equals at random."""
    order = np.lexsort((generator.random(len(buckets)), -scores, buckets))
    rank = _rank_within(buckets[order])
    turn: NDArray[np.int64] = order[np.lexsort((generator.random(len(buckets)), rank))]
    return turn
