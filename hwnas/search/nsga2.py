"""NSGA-II (Deb et al. 2002), pymoo's, on integer choices and canonical architectures."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.evaluator import Evaluator
from pymoo.core.mutation import Mutation
from pymoo.core.problem import Problem
from pymoo.core.repair import Repair
from pymoo.core.termination import NoTermination
from pymoo.operators.crossover.ux import UniformCrossover
from pymoo.problems.static import StaticProblem

from hwnas.search.problem import SearchProblem
from hwnas.search.sampling import sample_feasible
from hwnas.search.searcher import Searcher
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.space import Architectures

_LEAST_POPULATION = 4
# Generations in a row that bring nothing new before a population counts as converged.
_FRUITLESS = 50


class _RandomChoice(Mutation):  # type: ignore[misc]  # pymoo is untyped
    """Each slot, with probability 1 / L, takes any of its choices."""

    def _do(
        self,
        problem: Problem,
        X: Architectures,  # noqa: N803  # pymoo's own name
        *_: Any,
        random_state: np.random.Generator,
        **__: Any,
    ) -> Architectures:
        drawn = random_state.integers(0, problem.xu + 1, size=X.shape)
        changed: Architectures = np.where(random_state.random(X.shape) < 1 / X.shape[1], drawn, X)
        return changed


class _Canonical(Repair):  # type: ignore[misc]
    """Offspring in their canonical form, so that pymoo's own duplicate elimination finds equals."""

    def __init__(self, space: ChoiceSpace) -> None:
        super().__init__()
        self._space = space

    def _do(self, _problem: Problem, rows: Architectures, **_: Any) -> Architectures:
        return self._space.canonical(rows)


class NSGA2Search(Searcher):
    """Evolution of a population towards the front of score and cost, budgets as constraints.

    Offspring that break a budget are never evaluated: pymoo is told their violation. Offspring
    that were seen before are answered from memory.

    Args:
        problem: what is searched.
        evaluations: the limit; the search ends below it when 50 generations bring nothing new.
        seed: of everything random.
        population: individuals a generation; fewer when the limit leaves less than 4 generations.

    Raises:
        BudgetError: no network keeps the budgets.
    """

    name: ClassVar[str] = "nsga2"

    def __init__(
        self, problem: SearchProblem, evaluations: int, seed: int, population: int = 20
    ) -> None:
        super().__init__(problem, evaluations, seed)
        size = min(population, max(_LEAST_POPULATION, evaluations // 4))
        space = problem.space
        first = sample_feasible(problem, self.generator, size)
        # Fewer than that leave nothing to cross.
        self._breeds = len(first) >= _LEAST_POPULATION
        self._first = first
        self._infills: Any = None
        self._problem = Problem(
            n_var=len(space.choice_counts),
            n_obj=2,
            n_ieq_constr=len(problem.budgets),
            xl=0,
            xu=space.choice_counts - 1,
            vtype=int,
        )
        self._algorithm = NSGA2(
            pop_size=max(len(first), 1),
            sampling=first,
            crossover=UniformCrossover(),
            mutation=_RandomChoice(),
            repair=_Canonical(space),
        )
        seed_inside = int(self.generator.integers(2**31))
        self._algorithm.setup(self._problem, termination=NoTermination(), seed=seed_inside)

    def ask(self) -> Architectures:
        """(N, L) canonical architectures to evaluate next, (0, L) when the search is over."""
        if not self._breeds:
            return self.unseen(self._first)
        for _ in range(_FRUITLESS if self.remaining > 0 else 0):
            self._infills = self._algorithm.ask()
            if self._infills is None:
                break
            rows = self._infills.get("X").astype(np.int64)
            fresh = self.unseen(rows[self.problem.feasible(rows)])
            if len(fresh):
                return fresh
            self._tell_algorithm()
        return self.unseen(self._first[:0])

    def tell(self, architectures: Architectures, scores: NDArray[np.float64]) -> None:
        """Learns the scores (N,), to be maximised, of the architectures last asked for."""
        super().tell(architectures, scores)
        if self._breeds:
            self._tell_algorithm()

    def _tell_algorithm(self) -> None:
        rows = self._infills.get("X").astype(np.int64)
        # What was not evaluated breaks a budget, or the limit is reached and nothing follows.
        worst = min(self.scores.values())
        scores = [self.scores.get(tuple(map(int, row)), worst) for row in rows]
        values = {"F": np.column_stack((-np.array(scores), self.problem.costs(rows)))}
        if self.problem.budgets:
            values["G"] = np.column_stack([self._excess(rows, i) for i in range(self._constraints)])
        Evaluator().eval(StaticProblem(self._problem, **values), self._infills)
        self._algorithm.tell(infills=self._infills)

    @property
    def _constraints(self) -> int:
        return len(self.problem.budgets)

    def _excess(self, rows: Architectures, index: int) -> NDArray[np.float64]:
        """(N,) by how much of the space's range a budget is broken; at most 0 where it is kept."""
        budget = self.problem.budgets[index]
        least, greatest = budget.trellis.range
        return (budget.trellis.evaluate(rows) - budget.bound) / ((greatest - least) or 1.0)
