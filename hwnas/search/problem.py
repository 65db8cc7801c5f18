"""SearchProblem: what every searcher is given: a space, the front's cost, and limits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import BudgetError
from hwnas.objectives.costs import COSTS, load_cost
from hwnas.objectives.objective import Objective, amount, is_of_blocks, pareto_order, values_of
from hwnas.search.front import FoundFront, Front
from hwnas.search.trellis import Trellis
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.family import Space
from hwnas.spaces.space import Architectures


@dataclass(frozen=True)
class Limit:
    """A cost laid over the space and the most of it that a network may have."""

    trellis: Trellis
    bound: float

    @property
    def name(self) -> str:
        """Of the cost."""
        return self.trellis.name

    @property
    def unit(self) -> str:
        """Of the cost and the bound."""
        return self.trellis.unit

    @property
    def rounding(self) -> float:
        """More than two orders of adding up the same network can differ by; 0 without a sum."""
        return 1e-12 * self.trellis.magnitude if self.trellis.combine is np.add else 0.0

    def kept(self, architectures: Architectures) -> NDArray[np.bool_]:
        """(N,) whether canonical architectures (N, L) keep it."""
        return self.trellis.evaluate(architectures) <= self.bound

    def excess(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) by how much architectures (N, L) are over it, as a share of the cost's range."""
        least, greatest = self.trellis.range
        over: NDArray[np.float64] = self.trellis.evaluate(architectures) - self.bound
        return over / ((greatest - least) or 1.0)


class CheckedCost:
    """A cost that no trellis holds: each network has to be looked at, and is looked at once."""

    def __init__(self, space: Space, objective: Objective) -> None:
        """Takes a cost.

        Args:
            space: whose networks it is of.
            objective: the cost, to be minimised.
        """
        self.space, self.objective = space, objective
        self._values: dict[bytes, float] = {}

    @property
    def name(self) -> str:
        """Of the cost."""
        return self.objective.name

    @property
    def unit(self) -> str:
        """Of the cost."""
        return self.objective.unit

    def evaluate(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) the cost of canonical architectures (N, L).

        Raises:
            BudgetError: the objective gives something else than a number for each network.
        """
        rows = np.ascontiguousarray(architectures, dtype=np.int64)
        keys = [row.tobytes() for row in rows]
        new = {key: index for index, key in enumerate(keys) if key not in self._values}
        if new:
            networks = self.space.networks(rows[list(new.values())])
            values = values_of(self.objective, networks)
            self._values.update(zip(new, values.tolist(), strict=True))
        return np.array([self._values[key] for key in keys], dtype=np.float64)


class CheckedLimit(CheckedCost):
    """A limit on such a cost.

    Nothing is known of it before a network is complete: searchers test it, and none can prove that
    it is out of reach.
    """

    def __init__(self, space: Space, objective: Objective, bound: float) -> None:
        """Takes a cost.

        Args:
            space: whose networks it is of.
            objective: the cost, to be minimised.
            bound: the most of it, in its unit.
        """
        super().__init__(space, objective)
        self.bound = bound

    def kept(self, architectures: Architectures) -> NDArray[np.bool_]:
        """(N,) whether canonical architectures (N, L) keep it."""
        return self.evaluate(architectures) <= self.bound

    def excess(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) by how much architectures (N, L) are over it, as a share of the bound."""
        return (self.evaluate(architectures) - self.bound) / (abs(self.bound) or 1.0)


AnyLimit: TypeAlias = Limit | CheckedLimit
AnyCost: TypeAlias = Trellis | CheckedCost


class KnownScore(Protocol):
    """A score that costs nothing to compute, and that knows its front.

    Those there are: `SumScore`, `StageScore`, `ListedScore` and `ClimbedScore` of
    `hwnas.search.exact`.
    """

    def evaluate(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) scores, to be maximised, of canonical architectures (N, L)."""

    def front(self, problem: "SearchProblem", generator: np.random.Generator) -> FoundFront:
        """The front against `problem.cost` within every limit.

        Raises:
            BudgetError: no network keeps the limits.
        """


@dataclass(frozen=True)
class SearchProblem:
    """Maximise a score, which searchers learn by asking, against a cost, within every limit.

    Attributes:
        space: the search space.
        cost: the front's second axis, to be minimised.
        limits: on that cost or on others, never exceeded.
        score: what is to be maximised, where it is known beforehand and costs nothing to compute.
        tested: limits that only a complete network can be held to.
        start: (N, L) networks that are known to be good, within the limits or not; None for none.
        objectives: further costs, to be minimised, that searchers may be asked to look at.
    """

    space: ChoiceSpace
    cost: Trellis
    limits: tuple[Limit, ...] = ()
    score: KnownScore | None = None
    tested: tuple[CheckedLimit, ...] = ()
    start: Architectures | None = field(default=None, compare=False)
    objectives: tuple[Objective, ...] = field(default=(), compare=False)

    @property
    def every_limit(self) -> tuple[AnyLimit, ...]:
        """The limits of both kinds."""
        return (*self.limits, *self.tested)

    def bound(self, name: str) -> float | None:
        """The smallest limit on a cost, in its unit: `problem.bound("latency")`; None for none."""
        bounds = [limit.bound for limit in self.every_limit if limit.name == name]
        return min(bounds) if bounds else None

    @property
    def costs_known(self) -> list[str]:
        """The names that `cost_of` takes, the front's cost first."""
        known = [self.cost.name, *(limit.name for limit in self.every_limit)]
        if isinstance(self.space, Space):
            known += [*(one.name for one in self.objectives), *COSTS.names()]
        return list(dict.fromkeys(known))

    def cost_of(self, name: str) -> AnyCost:
        """The cost of a name, to be evaluated: one of `costs_known`.

        Raises:
            BudgetError: there is none, or an installed package's is not a cost.
        """
        if name == self.cost.name:
            return self.cost
        for limit in self.every_limit:
            if limit.name == name:
                return limit.trellis if isinstance(limit, Limit) else limit
        if not isinstance(self.space, Space):
            raise BudgetError(f"nothing is known of the {name} of networks of {self.space.name}")
        given = {one.name: one for one in self.objectives}
        objective = given[name] if name in given else load_cost(name)
        if is_of_blocks(objective):
            return Trellis.of(self.space, objective)
        return CheckedCost(self.space, objective)

    @property
    def relaxed(self) -> "SearchProblem":
        """The same without limits that have to be tested: what exact searches can bound."""
        return replace(self, tested=()) if self.tested else self

    def check_sums(self, what: str) -> None:
        """Refuses limits that have to be tested, for what needs all of them as trellises.

        Raises:
            BudgetError: names the budget and what to do.
        """
        for limit in self.tested:
            raise BudgetError(
                f"{what} cannot keep a budget on {limit.name}, which is not put together from "
                "values of blocks; leave that budget out, or name a searcher that tests network "
                "by network, such as 'evolution'"
            )

    @property
    def length(self) -> int:
        """L, the slots of an architecture."""
        return len(self.space.choice_counts)

    @property
    def sheets(self) -> int:
        """How many sheets the first slot chooses among; 1 where it chooses like the others."""
        return max(self.cost.sheets, *(limit.trellis.sheets for limit in self.limits), 1)

    def check_reachable(self) -> None:
        """Refuses limits that no network keeps.

        Raises:
            BudgetError: names the budget and the range that the space spans.
        """
        for limit in self.limits:
            least, greatest = limit.trellis.range
            if limit.bound < least:
                reach = f"{amount(least)} to {amount(greatest)} {limit.unit}"
                raise BudgetError(
                    f"the {limit.name} budget of {amount(limit.bound)} {limit.unit} is out of "
                    f"reach: networks of {self.space.name} take {reach}; allow more, or take a "
                    "smaller space or resolution"
                )

    def costs(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) the cost of canonical architectures (N, L)."""
        return self.cost.evaluate(architectures)

    def front(
        self, architectures: Architectures, scores: Sequence[float] | NDArray[np.float64]
    ) -> Front:
        """The front of evaluated canonical architectures (N, L) with scores (N,).

        Architectures that break a limit are left out, hence the front may be empty. Of several
        with the same cost and score the first alone is taken.
        """
        rows = np.asarray(architectures, dtype=np.int64).reshape(-1, self.length)
        values = np.asarray(scores, dtype=np.float64)
        (places,) = self.on_fronts(rows, values, [np.ones(len(rows), dtype=np.bool_)])
        return Front(rows[places], values[places], self.costs(rows[places]))

    def on_fronts(
        self,
        architectures: Architectures,
        scores: NDArray[np.float64],
        groups: Iterable[NDArray[np.bool_]],
    ) -> list[NDArray[np.int64]]:
        """Which of evaluated architectures are the front of a group of them.

        Args:
            architectures: (N, L) canonical.
            scores: (N,) theirs.
            groups: (N,) which of them belong to each.

        Returns:
            The numbers of the networks of each front, cheapest first; see `front`.
        """
        kept, costs = self.feasible(architectures), self.costs(architectures)
        found = []
        for group in groups:
            within = np.flatnonzero(kept & group)
            found.append(within[pareto_order(costs[within], scores[within])])
        return found

    def forbidden(self, architectures: Architectures) -> NDArray[np.int64]:
        """(N,) how many transitions of architectures (N, L) the space forbids."""
        count = np.zeros(len(architectures), dtype=np.int64)
        for slot in range(1, architectures.shape[1]):
            allowed = self.cost.allowed[slot]
            if not allowed.all():
                before, choices = architectures[:, slot - 1], architectures[:, slot]
                count += ~allowed.reshape(-1)[before * allowed.shape[1] + choices]
        return count

    def feasible(self, architectures: Architectures) -> NDArray[np.bool_]:
        """(N,) whether canonical architectures (N, L) keep every limit and transition."""
        kept = np.asarray(self.forbidden(architectures) == 0, dtype=np.bool_)
        for limit in self.limits:
            kept &= limit.kept(architectures)
        for tested in self.tested:  # the slow ones, of what is left
            kept[kept] = tested.kept(architectures[kept])
        return kept

    def completable(self, prefixes: Architectures) -> NDArray[np.bool_]:
        """(N,) whether prefixes (N, P), P ≤ L choices, have a completion within each limit alone.

        Sums of another order round otherwise, so a prefix that misses a limit by less than the
        rounding is let through: nothing feasible is ever pruned, and `feasible` has the last word.
        """
        kept = np.ones(len(prefixes), dtype=np.bool_)
        for limit in self.limits:
            if prefixes.shape[1]:
                kept &= limit.trellis.reach(prefixes) <= limit.bound + limit.rounding
            else:
                kept &= limit.trellis.range[0] <= limit.bound
        return kept
