"""Regularised evolution (Real et al. 2019, arXiv 1802.01548) under hard budgets."""

from collections import deque
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.search.neighbours import mutated
from hwnas.search.searchers.searcher import Searcher
from hwnas.spaces.space import Architectures, keys

# Children of one parent that are looked at before the next mutation of all of them.
_CHILDREN = 16
# Mutations of a child before a random architecture is taken instead.
_MUTATIONS = 4


class EvolutionSettings(StrictModel):
    """How many live at a time, and how many of them compete to be the next parent.

    Attributes:
        population: at most a quarter of the evaluations.
        sample: of the population, from which the best becomes the next parent.
        batch: children that are asked for at once, to be evaluated side by side: none of them can
            be a parent of another. At most the population.
    """

    population: Annotated[int, Field(ge=2)] = 20
    sample: Annotated[int, Field(ge=1)] = 10
    batch: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _of_the_population(self) -> Self:
        for name in ("sample", "batch"):
            value = getattr(self, name)
            if value > self.population:
                raise ValueError(
                    f"{name} is {value}, more than the population of {self.population}; lower it"
                )
        return self


class Evolution(Searcher):
    """An ageing population of one score: the best of a random sample is mutated, the oldest dies.

    A child that breaks a budget, or is known already, is not evaluated but mutated again. It looks
    for the best within the budgets only, so that its front is poor where networks are cheap.

    Raises:
        BudgetError: no network keeps the budgets.
    """

    name: ClassVar[str] = "evolution"
    asynchronous: ClassVar[Mapping[str, Any] | None] = {"batch": 1}
    settings_model: ClassVar[type[StrictModel]] = EvolutionSettings
    settings: EvolutionSettings

    @override
    def prepare(self) -> None:
        self._size = min(self.settings.population, max(2, self.evaluations // 4))
        self._alive: deque[tuple[int, ...]] = deque(maxlen=self._size)

    @override
    def ask(self) -> Architectures:
        missing = self._size - len(self._alive) - len(self.pending)
        if missing > 0 or not self._alive:
            return self.random(max(1, missing))
        count = min(self.settings.batch, self._size, self.remaining)
        return self.one_by_one(count, self._child)

    def _child(self, others: Architectures) -> Architectures:
        """(1, L) a child that is new and none of `others`; (0, L) where nothing is left."""
        drawn = self.generator.permutation(len(self._alive))[: self.settings.sample]
        parent = max((self._alive[index] for index in drawn), key=self.scores.__getitem__)
        rows = np.tile(np.array(parent, dtype=np.int64), (_CHILDREN, 1))
        for _ in range(_MUTATIONS):
            rows = mutated(self.problem.space, rows, self.generator)
            child = self.first_unseen(rows[self.problem.feasible(rows)], others)
            if len(child):
                return child
        return self.random(1, others)

    @override
    def tell(self, architectures: Architectures, scores: NDArray[np.float64]) -> None:
        super().tell(architectures, scores)
        self._alive.extend(keys(architectures))
