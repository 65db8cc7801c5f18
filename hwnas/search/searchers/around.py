"""Search around networks that are known to be good: few changes of them first, then their sum."""

from typing import ClassVar

import numpy as np
from typing_extensions import override

from hwnas.search.searchers.surrogate import SurrogateSearch
from hwnas.spaces.space import Architectures, keys

# Of the evaluations for changed networks, and how many slots each changes, as shares.
_CHANGED_SHARE, _CHANGES = 0.5, 0.2
_ATTEMPTS = 20


class AroundSearch(SurrogateSearch):
    """Networks that differ in few slots from the problem's start; then as `surrogate` does.

    A supernet that was made around a trained network judges best what is near to it: random
    networks, which change every slot, all score badly there, and say little about which change
    costs what. So half of the evaluations change a fifth of the slots of one of the start networks,
    whether the result keeps the budgets or not. The additive model of these scores is then searched
    exactly within the budgets, refitted, and searched again.

    Without a start it begins at the costliest network of each resolution and width.
    """

    name: ClassVar[str] = "around"
    keeps_limits: ClassVar[bool] = False

    @override
    def prepare(self) -> None:
        super().prepare()
        self._initial = max(1, int(_CHANGED_SHARE * self.evaluations))

    @override
    def _first(self) -> Architectures:
        starts = self.problem.start
        if starts is None:
            starts = self._costliest()
        rows = self.unseen(self.problem.space.canonical(starts))[: self._initial]
        seen = set(keys(rows))
        found = rows.tolist()
        for _ in range(_ATTEMPTS * self._initial):
            if len(found) >= self._initial:
                break
            changed = self._changed(starts[int(self.generator.integers(len(starts)))])
            if tuple(changed) not in seen:
                seen.add(tuple(changed))
                found.append(changed)
        return np.array(found, dtype=np.int64).reshape(len(found), self.problem.length)

    def _changed(self, start: Architectures) -> list[int]:
        """A network with some slots of another choice; its resolution and width stay."""
        counts, row = self.problem.space.choice_counts, start.copy()
        first = int(len(getattr(self.problem.space, "members", ())) > 1)
        free = first + np.flatnonzero(counts[first:] > 1)
        size = min(len(free), max(1, round(_CHANGES * len(free))))
        for slot in self.generator.choice(free, size, replace=False).tolist():
            other = int(self.generator.integers(counts[slot] - 1))
            row[slot] = other + (other >= row[slot])
        changed: list[int] = self.problem.space.canonical(row)[0].tolist()
        return changed

    def _costliest(self) -> Architectures:
        """(M, L) that of each first choice."""
        starts = np.arange(int(self.problem.space.choice_counts[0]))[:, None]
        return self.problem.cost.negated.completed(starts)
