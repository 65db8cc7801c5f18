"""Labels: the paths that a dynamic programme over a trellis keeps behind one slot.

An extension is all that a slot makes of the labels behind the slot before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Labels:
    """N paths to choices of one slot with the same continuations.

    Only such paths can be compared: what makes one better now does so in the end.

    Attributes:
        costs: (M, N) what each path costs.
        scores: (N,) what it scores.
        choices: (N,) its choice in this slot.
        parents: (N,) its place among all labels behind the slot before.
        choice: one of the choices, which stands for all in what follows.
        sheet: the choice of the first slot that they share, where that decides about steps.
    """

    costs: NDArray[np.float64]
    scores: NDArray[np.float64]
    choices: Indices
    parents: Indices
    choice: int = 0
    sheet: int = 0

    def extended(
        self,
        slot: int,
        choices: Indices,
        score: Trellis,
        costs: Sequence[Trellis],
        first_parent: int,
    ) -> "Extension":
        """Every label with each of the given choices of the next slot, one choice after the other.

        Labels in the order of one cost so become few ascending runs. Choices that another of them
        beats in every step lead to nothing and are left out.
        """
        sheet = int(choices[0]) if slot == 0 else self.sheet
        gains = score.step(slot, sheet, self.choice)[choices]
        steps = np.array([cost.step(slot, sheet, self.choice) for cost in costs])[:, choices]
        if len(choices) > 1:
            useful = _useful(steps, gains)
            choices, gains, steps = choices[useful], gains[useful], steps[:, useful]
        added = np.empty((len(costs), len(choices), len(self.scores)))
        for index, cost in enumerate(costs):
            cost.combine(self.costs[index][None, :], steps[index][:, None], out=added[index])
        scores = (self.scores[None, :] + gains[:, None]).reshape(-1)
        run = (choices, len(self.scores), first_parent)
        return Extension(added.reshape(len(costs), -1), scores, (run,), sheet)


@dataclass(frozen=True)
class Extension:
    """Labels of a slot that nothing was left out of yet: choices and parents follow from places.

    Attributes:
        costs: (M, N).
        scores: (N,).
        runs: the choices of each run, its number of parents, and the place of their first.
        sheet: as in `Labels`.
    """

    costs: NDArray[np.float64]
    scores: NDArray[np.float64]
    runs: tuple[tuple[Indices, int, int], ...]
    sheet: int

    @property
    def choice(self) -> int:
        """One of the choices, which stands for all in what follows."""
        return int(self.runs[0][0][0])

    @classmethod
    def joined(cls, parts: "Sequence[Extension]") -> "Extension":
        """Labels of the same continuations, as one."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([part.costs for part in parts], axis=1),
            np.concatenate([part.scores for part in parts]),
            tuple(run for part in parts for run in part.runs),
            parts[0].sheet,
        )

    def take(self, index: Indices) -> Labels:
        """The labels of the given places."""
        choices, parents = np.empty_like(index), np.empty_like(index)
        start = 0
        for onward, count, first_parent in self.runs:
            end = start + len(onward) * count
            inside = slice(None) if len(self.runs) == 1 else (index >= start) & (index < end)
            place = index[inside] - start
            nth = place // count
            choices[inside] = onward[nth]
            parents[inside] = place - nth * count + first_parent
            start = end
        return Labels(
            self.costs[:, index], self.scores[index], choices, parents, self.choice, self.sheet
        )


def rebuilt(layers: Sequence[tuple[Indices, Indices]]) -> Architectures:
    """(N, L): the choices along the back-pointers, from the choices and parents of every slot."""
    rows = np.empty((len(layers[-1][0]), len(layers)), dtype=np.int64)
    index = np.arange(len(rows))
    for slot in range(len(layers) - 1, -1, -1):
        choices, parents = layers[slot]
        rows[:, slot] = choices[index]
        index = parents[index]
    return rows


def _useful(steps: NDArray[np.float64], gains: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(C,) of steps (M, C) and gains (C,), those that no other is at least as good as."""
    no_worse = (steps[:, :, None] <= steps[:, None, :]).all(axis=0)
    no_worse &= gains[:, None] >= gains[None, :]
    # Of equals the first stays.
    beaten = (no_worse & (~no_worse.T | _earlier(len(gains)))).any(axis=0)
    return np.asarray(~beaten, dtype=np.bool_)


@cache
def _earlier(count: int) -> NDArray[np.bool_]:
    """(C, C) whether the row comes before the column."""
    return np.triu(np.ones((count, count), dtype=np.bool_), k=1)
