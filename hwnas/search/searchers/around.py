"""Search around networks that are known to be good: few changes of them first, then a model."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from hwnas.search.searchers.surrogate import SurrogateSearch
from hwnas.spaces.family import SpaceFamily
from hwnas.spaces.space import Architectures, keys

# Of the evaluations for changed networks, and how many slots each changes at least, as shares.
_CHANGED_SHARE, _CHANGES = 0.5, 0.2
_ATTEMPTS = 5


class AroundSearch(SurrogateSearch):
    """Networks that differ in few slots from the problem's start; then as `surrogate` does.

    A supernet that was made around a trained network judges best what is near to it: random
    networks, which change every slot, all score badly there, and say little about which change
    costs what. So half of the evaluations change a fifth of the slots of one of the start networks
    at random, and then further slots to cheaper choices until the budgets are kept. A model of
    these scores is searched within the budgets, refitted, and searched again.

    Without a start it begins at the costliest network of each first choice, which is the resolution
    and width where there are several.
    """

    name: ClassVar[str] = "around"

    @override
    def prepare(self) -> None:
        super().prepare()
        self._initial = max(1, int(_CHANGED_SHARE * self.evaluations))
        starts = self.problem.start
        if starts is None:
            first = np.arange(int(self.problem.space.choice_counts[0]))[:, None]
            starts = self.problem.cost.negated.completed(first)
        self._starts = self.problem.space.canonical(starts)

    @override
    def _first(self) -> Architectures:
        good = self._starts[self._allowed(self._starts) & self.problem.feasible(self._starts)]
        found = dict.fromkeys(keys(good))
        for _ in range(_ATTEMPTS * self._initial):
            if len(found) >= self._initial:
                break
            row = self._changed(self._starts[int(self.generator.integers(len(self._starts)))])
            if row is not None:
                found[tuple(row.tolist())] = None
        rows = np.array(list(found)[: self._initial], dtype=np.int64)
        rows = rows.reshape(-1, self.problem.length)
        if len(rows) < self._initial:
            rows = np.concatenate((rows, self.random(self._initial - len(rows), rows)))
        return rows

    def _changed(self, start: Architectures) -> Architectures | None:
        """(L,) a network within the budgets with some slots of another choice; perhaps none."""
        space, row = self.problem.space, start.copy()
        # Resolution and width stay: the networks of each are changed on their own.
        kept = int(isinstance(space, SpaceFamily))
        order = kept + self.generator.permutation(len(row) - kept)
        least = max(1, round(_CHANGES * len(order)))
        for number, slot in enumerate(order.tolist()):
            rows = np.repeat(row[None], int(space.choice_counts[slot]), axis=0)
            rows[:, slot] = np.arange(len(rows))
            wanted = rows[:, slot] != row[slot]
            if number >= least:
                excess = self._excess(rows)
                if excess[row[slot]] <= 0:
                    break
                wanted = excess < excess[row[slot]]
            choices = rows[wanted]
            if len(choices):
                row = choices[int(self.generator.integers(len(choices)))]
        changed: Architectures = space.canonical(row)
        keeps = self._allowed(changed) & self.problem.feasible(changed)
        return changed[0] if keeps[0] else None

    def _excess(self, rows: Architectures) -> NDArray[np.float64]:
        """(N,) how far canonical forms of rows are beyond the budgets that are sums."""
        rows = self.problem.space.canonical(rows)
        over = [np.maximum(limit.excess(rows), 0.0) for limit in self.problem.limits]
        return np.sum(over, axis=0) if over else np.zeros(len(rows))

    def _allowed(self, rows: Architectures) -> NDArray[np.bool_]:
        """(N,) whether no choice follows one that it may not follow."""
        found = np.ones(len(rows), dtype=np.bool_)
        for slot in range(1, rows.shape[1]):
            found &= self.problem.space.allowed(slot)[rows[:, slot - 1], rows[:, slot]]
        return found
