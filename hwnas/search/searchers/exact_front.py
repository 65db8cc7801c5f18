"""Search of a score that costs nothing: asks for its front, and for nothing else."""

from typing import ClassVar

import numpy as np

from hwnas.core.configs import StrictModel
from hwnas.core.errors import ConfigError
from hwnas.search.exact.free_front import free_front
from hwnas.search.problem import SearchProblem
from hwnas.search.searchers.searcher import Searcher
from hwnas.spaces.space import Architectures


class FrontSearch(Searcher):
    """The networks of the front of `problem.score`, see `free_front`; of too many, some.

    The best is always among them. What `free_front` looks at is no evaluation: it is computed again
    when a search is resumed, and only the front is told and kept.
    """

    name: ClassVar[str] = "exact_front"

    def __init__(
        self,
        problem: SearchProblem,
        evaluations: int,
        seed: int,
        settings: StrictModel | None = None,
    ) -> None:
        """See `Searcher`.

        Raises:
            BudgetError: no network of the space keeps the budgets.
            ConfigError: the problem has no score.
        """
        super().__init__(problem, evaluations, seed, settings)
        if problem.score is None:
            raise ConfigError(
                f"{self.name} needs a score that costs nothing to compute; name other searchers, "
                "as 'surrogate'"
            )
        self._score = problem.score

    def ask(self) -> Architectures:
        """(N, L) the front, (0, L) once that was told."""
        if self.scores:
            return np.empty((0, self.problem.length), dtype=np.int64)
        found = free_front(self._score, self.problem, self.generator)
        self.how = found.how
        rows = found.front.architectures
        places = np.linspace(len(rows) - 1, 0, min(self.evaluations, len(rows)))
        some: Architectures = rows[np.unique(places.round().astype(np.int64))]
        self.evaluations = len(some)  # of which nothing more is asked for
        return some
