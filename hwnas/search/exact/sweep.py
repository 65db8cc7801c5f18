"""The sweep over a trellis that all exact searches share: extend, prune, keep the non-dominated.

Costs and scores are added up in the order of `Trellis.evaluate`. Rounded addition is monotone, so
a dominated label stays dominated bit for bit, and what is kept equals brute force, not nearly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.objectives.objective import pareto_order
from hwnas.search.continuations import Continuations
from hwnas.search.exact.label_costs import LabelCosts
from hwnas.search.exact.labels import Extension, Indices, Labels, rebuilt
from hwnas.search.trellis import Trellis, shared_continuations
from hwnas.spaces.space import Architectures

Prune = Callable[[int, Extension], NDArray[np.bool_]]
"""A slot and its labels → (N,) which of them to keep."""


@dataclass(frozen=True)
class SweepResult:
    """What a sweep leaves.

    Attributes:
        architectures: (N, L).
        costs: (M, N), to the last bit those of `Trellis.evaluate`.
        scores: (N,), likewise.
        whole: False where a limit on the labels has cost some.
    """

    architectures: Architectures
    costs: NDArray[np.float64]
    scores: NDArray[np.float64]
    whole: bool

    def take(self, index: Indices) -> "SweepResult":
        """Those of the given positions."""
        return SweepResult(
            self.architectures[index], self.costs[:, index], self.scores[index], self.whole
        )


def sweep(
    score: Trellis, costs: LabelCosts, most_labels: int | None = None, prune: Prune | None = None
) -> SweepResult:
    """The labels that are left behind the last slot.

    Args:
        score: to be maximised, additive.
        costs: what labels carry.
        most_labels: where a slot leaves more, only one a cell of a grid over the costs is kept,
            the one of the greatest score.
        prune: leaves out labels before they are compared.
    """
    trellises = costs.trellises
    origin = np.zeros(1, dtype=np.int64)
    constants = np.array([[trellis.constant] for trellis in trellises])
    groups = [Labels(constants, np.array([score.constant]), origin, origin)]
    continuations = shared_continuations((score, *trellises))
    bounded = any(np.isfinite(limit.bound) for limit in costs.limits)
    layers, whole = [], True
    for slot in range(len(score.steps)):
        extended = _extended(groups, slot, score, trellises, continuations)
        groups = []
        for labels in extended:
            compared, scores = costs.compared(slot, labels), labels.scores
            left: Indices | None = None  # all
            if bounded or prune is not None:
                fit = costs.completable(slot, labels)
                left = np.flatnonzero(fit if prune is None else fit & prune(slot, labels))
                compared, scores = compared[:, left], scores[left]
            # Comparing takes longest; what is too much for a grid is not compared first.
            if most_labels is not None and len(scores) > most_labels // len(extended):
                thin = thinned(compared, scores, max(1, most_labels // len(extended)))
                whole = whole and len(thin) == len(scores)
                left = thin if left is None else left[thin]
                compared, scores = compared[:, thin], scores[thin]
            if len(scores):
                best = undominated(compared, scores)
                groups.append(labels.take(best if left is None else left[best]))
        if not groups:
            none = np.zeros((0, len(score.steps)), dtype=np.int64)
            return SweepResult(none, np.zeros((len(trellises), 0)), np.zeros(0), whole)
        layers.append((_joined(groups, "choices"), _joined(groups, "parents")))
    costs_of = np.concatenate([labels.costs for labels in groups], axis=1)
    return SweepResult(rebuilt(layers), costs_of, _joined(groups, "scores"), whole)


def _joined(groups: Sequence[Labels], name: str) -> NDArray[Any]:
    return np.concatenate([getattr(labels, name) for labels in groups])


def _extended(
    groups: Sequence[Labels],
    slot: int,
    score: Trellis,
    costs: tuple[Trellis, ...],
    continuations: Continuations,
) -> list[Extension]:
    """The labels behind a slot, grouped by their continuations."""
    parts: dict[int, list[Extension]] = {}
    first_parent = 0
    for labels in groups:
        for number, choices in continuations.following(slot, labels.sheet, labels.choice):
            part = labels.extended(slot, choices, score, costs, first_parent)
            parts.setdefault(number, []).append(part)
        first_parent += len(labels.scores)
    return [Extension.joined(each) for each in parts.values()]


def undominated(costs: NDArray[np.float64], scores: NDArray[np.float64]) -> Indices:
    """Indices of the non-dominated of (M, N) costs and (N,) scores; of equals, one."""
    if len(costs) == 1:
        return pareto_order(costs[0], scores)
    import moocore  # 0.2 s, for several costs only

    found = moocore.is_nondominated(np.column_stack((*costs, -scores)))
    return np.flatnonzero(found)


def thinned(costs: NDArray[np.float64], scores: NDArray[np.float64], most: int) -> Indices:
    """Indices of at most `most` labels: the best of each cell of a grid over (M, N) costs."""
    least = costs.min(axis=1, keepdims=True)
    span = np.ptp(costs, axis=1, keepdims=True)
    share = (costs - least) / np.where(span > 0, span, 1.0)
    cells, keys = 2.0 * most ** (1 / len(costs)), np.zeros(len(scores), dtype=np.int64)
    while cells >= 1:
        keys = np.zeros(len(scores), dtype=np.int64)
        for column in share:
            keys = keys * (int(cells) + 1) + (column * int(cells)).astype(np.int64)
        if len(np.unique(keys)) <= most:
            break
        cells *= 0.85
    order = np.lexsort((-scores, keys))
    first = np.flatnonzero(np.diff(keys[order], prepend=-1))
    chosen: Indices = order[first]
    return np.sort(chosen)
