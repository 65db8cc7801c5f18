"""PymooSearch: what the evolutionary algorithms of pymoo share as searchers."""

import warnings
from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pymoo.core.evaluator import Evaluator
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.operators.crossover.ux import UniformCrossover
from pymoo.problems.static import StaticProblem
from pymoo.termination.max_gen import MaximumGenerationTermination
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.search.exact.exact_front import FEW_LABELS, exact_front
from hwnas.search.front import spread
from hwnas.search.searchers.pymoo_operators import Canonical, RandomChoice
from hwnas.search.searchers.searcher import Searcher
from hwnas.search.searchers.surrogate_model import fit_additive
from hwnas.spaces.space import Architectures, keys

_LEAST_POPULATION = 4
# Generations in a row that bring nothing new before random architectures join the population.
_FRUITLESS = 20


class PymooSettings(StrictModel):
    """Of every evolutionary algorithm of pymoo.

    Attributes:
        population: individuals a generation; fewer when the limit leaves less than 4 generations.
        crossover: probability that two parents are crossed, each slot from either.
        mutation: probability that a slot takes any of its choices, by default 1 / slots.
        start: a random population, or half of it from the exact front of an additive surrogate
            that is fitted to the other, random half.
    """

    population: Annotated[int, Field(ge=_LEAST_POPULATION)] = 20
    crossover: Annotated[float, Field(ge=0, le=1)] = 0.9
    mutation: Annotated[float, Field(gt=0, le=1)] | None = None
    start: Literal["random", "surrogate"] = "random"


class PymooSearch(Searcher):
    """Evolution of a population towards the front of score and cost, budgets as constraints.

    Offspring that break a budget or a transition are never evaluated: the algorithm learns their
    violation. Offspring that were seen before are answered from memory. A population that has
    converged is joined by random architectures, until the limit or the end of the space.

    Raises:
        BudgetError: no network keeps the budgets.
    """

    settings_model: ClassVar[type[StrictModel]] = PymooSettings
    settings: PymooSettings

    @override
    def prepare(self) -> None:
        self._size = min(self.settings.population, max(_LEAST_POPULATION, self.evaluations // 4))
        self._algorithm: Any = None
        self._infills: Any = None

    @abstractmethod
    def _make(self, size: int, parts: dict[str, Any]) -> Any:
        """The algorithm of pymoo for a population of a size.

        Args:
            size: of the population.
            parts: its sampling, crossover, mutation and repair, as keywords.
        """

    @override
    def ask(self) -> Architectures:
        if self._algorithm is None:
            rows = self._initial()
            # A space of fewer networks than a population is seen by now.
            if len(rows) or len(self.scores) < self._size:
                return rows
            self._set_up()
        for _ in range(_FRUITLESS if self.remaining > 0 else 0):
            with _quiet():
                self._infills = self._algorithm.ask()
            if self._infills is None:
                break
            rows = self._infills.get("X").astype(np.int64)
            fresh = self.unseen(rows[self.problem.feasible(rows)])
            if len(fresh):
                return fresh
            self._advance()
        rows = self.random(self._size)
        self._infills = Population.new(X=rows)
        return rows

    @override
    def tell(self, architectures: Architectures, scores: NDArray[np.float64]) -> None:
        super().tell(architectures, scores)
        if self._algorithm is not None:
            self._advance()

    def _initial(self) -> Architectures:
        """(N, L) what is still missing of the initial population, or the first half of it."""
        missing = self._size - len(self.scores)
        if self.settings.start == "random" or missing <= 0:
            return self.random(missing)
        if not self.scores:
            return self.random((missing + 1) // 2)
        score = fit_additive(self.problem.space, *self.evaluated)
        front = exact_front(score, self.problem.relaxed, FEW_LABELS).architectures
        front = front[self.problem.feasible(front)]
        fresh = front[[key not in self.scores for key in keys(front)]]
        rows = self.unseen(fresh[spread(self.problem.costs(fresh), missing)])
        return rows if len(rows) else self.random(missing)

    def _set_up(self) -> None:
        space = self.problem.space
        rows, _ = self.evaluated
        # Some algorithms measure distances across objectives: both are given in units of what the
        # initial population spans.
        values = self._values(rows)
        self._units = np.ptp(values, axis=0)
        self._units[self._units == 0.0] = 1.0
        parts = {
            "sampling": rows,
            "crossover": UniformCrossover(prob=self.settings.crossover),
            "mutation": RandomChoice(self.settings.mutation or 1 / self.problem.length),
            "repair": Canonical(space),
        }
        self._pymoo_problem = Problem(
            n_var=self.problem.length,
            n_obj=2,
            n_ieq_constr=1 + len(self.problem.every_limit),
            xl=0,
            xu=space.choice_counts - 1,
            vtype=int,
        )
        with _quiet():
            self._algorithm = self._make(len(rows), parts)
            # RVEA plans with it; no search ends by it.
            generations = MaximumGenerationTermination(-(-self.evaluations // len(rows)))
            seed = int(self.generator.integers(2**31))
            self._algorithm.setup(self._pymoo_problem, termination=generations, seed=seed)
            self._infills = self._algorithm.ask()
        self._advance()

    def _advance(self) -> None:
        rows = self._infills.get("X").astype(np.int64)
        values = {"F": self._values(rows) / self._units, "G": self._violations(rows)}
        Evaluator().eval(StaticProblem(self._pymoo_problem, **values), self._infills)
        with _quiet():
            self._algorithm.tell(infills=self._infills)

    def _values(self, rows: Architectures) -> NDArray[np.float64]:
        """(N, 2) what is to be minimised, minus the score and the cost."""
        # What was not evaluated is infeasible, or the limit is reached and nothing follows.
        worst = min(self.scores.values())
        scores = [self.scores.get(key, worst) for key in keys(rows)]
        return np.column_stack((-np.array(scores), self.problem.costs(rows)))

    def _violations(self, rows: Architectures) -> NDArray[np.float64]:
        """(N, 1 + limits) forbidden transitions, and by how much each limit is exceeded."""
        forbidden = self.problem.forbidden(rows).astype(np.float64)
        excesses = [limit.excess(rows) for limit in self.problem.every_limit]
        return np.column_stack([forbidden, *excesses])


def _quiet() -> "warnings.catch_warnings[None]":
    # pymoo divides by the zero range of equal objectives on purpose, and NSGA-III turns all
    # warnings of the process off.
    return warnings.catch_warnings(action="ignore", category=RuntimeWarning)
