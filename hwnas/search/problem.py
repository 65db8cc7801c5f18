"""SearchProblem: what every searcher is given, a space, its costs and their bounds."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import BudgetError
from hwnas.objectives.objective import amount
from hwnas.search.trellis import Trellis
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.space import Architectures

if TYPE_CHECKING:
    from hwnas.search.exact.stages import StageScore
    from hwnas.search.listed import ListedScore


class FreeScore(Protocol):
    """A score of no known form that thousands of networks can be given in a moment."""

    def evaluate(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) scores, to be maximised, of canonical architectures (N, L)."""

    def nearest_sum(
        self, around: Architectures, architectures: Architectures, scores: NDArray[np.float64]
    ) -> Trellis:
        """A sum over slots, or neighbours, that is like the score near one architecture (L,).

        Args:
            around: where it is to be like it.
            architectures: (N, L) scored ones of about the same cost, which it can be fitted to.
            scores: (N,) theirs.
        """


KnownScore: TypeAlias = "Trellis | StageScore | ListedScore | FreeScore"
"""What `exact_front` finds the front of: a sum over slots or stages, a list, or any free score."""


@dataclass(frozen=True)
class Budget:
    """A cost laid over the space and the most of it that a network may have."""

    trellis: Trellis
    bound: float

    @property
    def rounding(self) -> float:
        """More than two orders of adding up the same network can differ by; 0 without a sum."""
        return 1e-12 * self.trellis.magnitude if self.trellis.combine is np.add else 0.0


@dataclass(frozen=True)
class SearchProblem:
    """Maximise a score (told to the searcher) against a cost, within every budget.

    Attributes:
        space: the search space.
        cost: the front's second axis, to be minimised.
        budgets: hard limits, on that cost or on others.
        score: what is to be maximised, where it is known beforehand and costs nothing to compute.
    """

    space: ChoiceSpace
    cost: Trellis
    budgets: tuple[Budget, ...] = ()
    score: "KnownScore | None" = None

    @property
    def length(self) -> int:
        """L, the slots of an architecture."""
        return len(self.space.choice_counts)

    @property
    def sheets(self) -> int:
        """How many sheets the first slot chooses among; 1 where it chooses like the others."""
        return max(self.cost.sheets, *(budget.trellis.sheets for budget in self.budgets), 1)

    def check_reachable(self) -> None:
        """Refuses budgets that no network keeps.

        Raises:
            BudgetError: names the budget and the range that the space spans.
        """
        for budget in self.budgets:
            least, greatest = budget.trellis.range
            name, unit = budget.trellis.name, budget.trellis.unit
            if budget.bound < least:
                reach = f"{amount(least)} to {amount(greatest)} {unit}"
                raise BudgetError(
                    f"the {name} budget of {amount(budget.bound)} {unit} is out of reach: "
                    f"networks of {self.space.name} take {reach}; allow more, or take a smaller "
                    "space or resolution"
                )

    def costs(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) the cost of canonical architectures (N, L)."""
        return self.cost.evaluate(architectures)

    def forbidden(self, architectures: Architectures) -> NDArray[np.int64]:
        """(N,) how many transitions of architectures (N, L) the space forbids."""
        count = np.zeros(len(architectures), dtype=np.int64)
        for slot in range(1, architectures.shape[1]):
            before, choices = architectures[:, slot - 1], architectures[:, slot]
            count += ~self.cost.allowed[slot][before, choices]
        return count

    def feasible(self, architectures: Architectures) -> NDArray[np.bool_]:
        """(N,) whether canonical architectures (N, L) keep every budget and transition."""
        kept = np.asarray(self.forbidden(architectures) == 0, dtype=np.bool_)
        for budget in self.budgets:
            kept &= budget.trellis.evaluate(architectures) <= budget.bound
        return kept

    def completable(self, prefixes: Architectures) -> NDArray[np.bool_]:
        """(N,) whether prefixes (N, P), P ≤ L choices, have a completion within each budget alone.

        Sums of another order round otherwise, so a prefix that misses a budget by less than the
        rounding is let through: nothing feasible is ever pruned, and `feasible` has the last word.
        """
        kept = np.ones(len(prefixes), dtype=np.bool_)
        for budget in self.budgets:
            if prefixes.shape[1]:
                kept &= budget.trellis.reach(prefixes) <= budget.bound + budget.rounding
            else:
                kept &= budget.trellis.range[0] <= budget.bound
        return kept
