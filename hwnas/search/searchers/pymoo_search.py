"""PymooSearch: what the evolutionary algorithms of pymoo share as searchers."""

import warnings
from abc import abstractmethod
from math import comb
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator
from pymoo.core.evaluator import Evaluator
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.operators.crossover.ux import UniformCrossover
from pymoo.problems.static import StaticProblem
from pymoo.termination.max_gen import MaximumGenerationTermination
from pymoo.util.ref_dirs import get_reference_directions
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.search.exact.exact_front import FEW_LABELS, exact_front
from hwnas.search.front import spread
from hwnas.search.searchers.pymoo_operators import Canonical, RandomChoice
from hwnas.search.searchers.searcher import Searcher
from hwnas.search.searchers.several_objectives import COST, SCORE, SeveralObjectives, costs_among
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
        objectives: what the population evolves towards: `score`, `cost` (the front's), `novelty`,
            and any cost by its name, such as `params` or `latency@DEVICE`.
        neighbours: novelty is the mean distance from as many of the nearest that were evaluated.
    """

    population: Annotated[int, Field(ge=_LEAST_POPULATION)] = 20
    crossover: Annotated[float, Field(ge=0, le=1)] = 0.9
    mutation: Annotated[float, Field(gt=0, le=1)] | None = None
    start: Literal["random", "surrogate"] = "random"
    objectives: Annotated[tuple[str, ...], Field(min_length=2)] = (SCORE, COST)
    neighbours: Annotated[int, Field(ge=1)] = 3

    @field_validator("objectives")
    @classmethod
    def _with_the_score(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if SCORE not in value:
            raise ValueError(f"'objectives' does not name '{SCORE}'; add it")
        twice = next((name for name in value if value.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"'objectives' names '{twice}' twice; name it once")
        return value


class PymooSearch(Searcher):
    """Evolution of a population towards the front of its objectives, budgets as constraints.

    Offspring that break a budget or a transition are never evaluated: the algorithm learns their
    violation. Offspring that were seen before are answered from memory. A population that has
    converged is joined by random architectures, until the limit or the end of the space.

    Novelty (NEvoNAS, arXiv 2204.00188) is the distance from what was evaluated so far, so that it
    follows from the history; that of the whole population is taken anew every generation, which
    in the published code keeps what it was born with.

    Raises:
        BudgetError: no network keeps the budgets.
        ConfigError: the problem knows no cost of a name.
    """

    settings_model: ClassVar[type[StrictModel]] = PymooSettings
    settings: PymooSettings

    @override
    def prepare(self) -> None:
        names, neighbours = self.settings.objectives, self.settings.neighbours
        self._objectives = SeveralObjectives(self.problem, names, neighbours, self.name)
        least = max(_LEAST_POPULATION, self._objectives.count)
        self._size = max(least, min(self.settings.population, self.evaluations // 4))
        self._algorithm: Any = None
        self._infills: Any = None

    @override
    @classmethod
    def costs_asked(cls, settings: StrictModel) -> tuple[str, ...]:
        assert isinstance(settings, PymooSettings)
        return costs_among(settings.objectives)

    @abstractmethod
    def _make(self, size: int, parts: dict[str, Any]) -> Any:
        """The algorithm of pymoo for a population of a size.

        Args:
            size: of the population.
            parts: its sampling, crossover, mutation and repair, as keywords.
        """

    def _directions(self, most: int) -> NDArray[np.float64]:
        """(D, M) evenly spread reference directions (Das and Dennis 1998), D ≤ most."""
        count = self._objectives.count
        parts = 1
        while comb(parts + count, count - 1) <= most:
            parts += 1
        found: NDArray[np.float64] = get_reference_directions(
            "das-dennis", count, n_partitions=parts
        )
        return found

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
            if self._infills is None or not len(self._infills):  # it has no other offspring
                break
            rows = self._rows(self._infills)
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
        # Some algorithms measure distances across objectives: all are given in units of what the
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
            n_obj=self._objectives.count,
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
        rows = self._rows(self._infills)
        living = self._living() if self._objectives.change else []
        older = [self._rows(population) for population in living]
        values = self._values(np.concatenate((rows, *older))) / self._units
        infills, *others = np.split(values, np.cumsum([len(rows), *map(len, older)])[:-1])
        for population, found in zip(living, others, strict=True):
            population.set("F", found)
        statics = {"F": infills, "G": self._violations(rows)}
        Evaluator().eval(StaticProblem(self._pymoo_problem, **statics), self._infills)
        with _quiet():
            self._algorithm.tell(infills=self._infills)

    def _living(self) -> list[Population]:
        """Whoever may still compete: the population and, of C-TAEA, its second archive."""
        kept = (self._algorithm.pop, getattr(self._algorithm, "da", None))
        return [population for population in kept if population is not None and len(population)]

    def _rows(self, population: Population) -> Architectures:
        rows: Architectures = population.get("X").astype(np.int64)
        return rows

    def _values(self, rows: Architectures) -> NDArray[np.float64]:
        """(N, M) what is to be minimised."""
        return self._objectives.values(rows, self.scores, self.evaluated[0])

    def _violations(self, rows: Architectures) -> NDArray[np.float64]:
        """(N, 1 + limits) forbidden transitions, and by how much each limit is exceeded."""
        forbidden = self.problem.forbidden(rows).astype(np.float64)
        excesses = [limit.excess(rows) for limit in self.problem.every_limit]
        return np.column_stack([forbidden, *excesses])


def _quiet() -> "warnings.catch_warnings[None]":
    # pymoo divides by the zero range of equal objectives on purpose, and NSGA-III turns all
    # warnings of the process off.
    return warnings.catch_warnings(action="ignore", category=RuntimeWarning)
