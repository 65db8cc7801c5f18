"""Scores whose front is found exactly: sums over slots, and lists of all networks."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwnas.search.exact.effects import ChoiceEffects, effects_of
from hwnas.search.exact.exact_front import exact_best, exact_front
from hwnas.search.exact.label_costs import LabelCosts
from hwnas.search.front import FoundFront
from hwnas.search.problem import SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures

# With budgets on more costs than two, a whole exact front takes seconds to minutes.
_MANY_LIMITS = 2
_MANY_LABELS = 20_000


@dataclass(frozen=True)
class SumScore:
    """A score that is a sum over slots, or over slots and pairs of neighbours."""

    trellis: Trellis

    def evaluate(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) scores of canonical architectures (N, L)."""
        return self.trellis.evaluate(architectures)

    @property
    def effects(self) -> ChoiceEffects | None:
        """The value of each choice; None where steps are not added."""
        return effects_of(self.trellis)

    def front(self, problem: SearchProblem, generator: np.random.Generator) -> FoundFront:
        """The front, by dynamic programming; with budgets on many costs nearly exactly.

        Raises:
            BudgetError: no network keeps the limits, or one of them has to be tested.
        """
        del generator
        score = self.trellis
        coupled = any(step.shape[1] > 1 for step in score.steps)
        over = "slots and pairs of neighbours" if coupled else "slots"
        if len(LabelCosts.of(problem, (problem.cost,)).limits) <= _MANY_LIMITS:
            how = f"exact: the score is a sum over {over}"
            return FoundFront(exact_front(score, problem), True, how)
        found = exact_front(score, problem, _MANY_LABELS)
        rows = np.concatenate((found.architectures, exact_best(score, problem)[None]))
        how = (
            f"exact for the best network, a sum over {over}; nearly exact for the others, with "
            "budgets on so many costs"
        )
        return FoundFront(problem.front(rows, score.evaluate(rows)), False, how)


@dataclass(frozen=True, eq=False)
class ListedScore:
    """Scores to look up.

    Attributes:
        rows: (N, L) all canonical architectures of a space.
        scores: (N,) theirs, to be maximised.
    """

    rows: Architectures
    scores: NDArray[np.float64]

    def evaluate(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) scores of canonical architectures (N, L).

        Raises:
            KeyError: one is not listed.
        """
        rows = np.ascontiguousarray(architectures, dtype=np.int64)
        return self.scores[[self._places[row.tobytes()] for row in rows]]

    def front(self, problem: SearchProblem, generator: np.random.Generator) -> FoundFront:
        """The front of the whole list; empty where none of it keeps the limits."""
        del generator
        how = f"exact: the scores of all {len(self.rows):,} networks are known"
        return FoundFront(problem.front(self.rows, self.scores), True, how)

    @cached_property
    def _places(self) -> dict[bytes, int]:
        rows = np.ascontiguousarray(self.rows, dtype=np.int64)
        return {row.tobytes(): place for place, row in enumerate(rows)}
