"""Exact search of an additive score: asks for its front, and for nothing else."""

from typing import ClassVar

import numpy as np

from devices.config import StrictModel
from devices.errors import ConfigError
from hwnas.search.exact import exact_front
from hwnas.search.problem import SearchProblem
from hwnas.search.searcher import Searcher
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures


class FrontSearch(Searcher):
    """The networks of the exact front of `problem.score`; of too many, some of all costs.

    The best is always among them. With budgets on several costs, the exact front takes longer, see
    `hwnas.search.exact.exact_front`.
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
            ConfigError: the problem has no additive score.
        """
        super().__init__(problem, evaluations, seed, settings)
        if problem.score is None:
            raise ConfigError(
                f"{self.name} needs a score that is additive; name other searchers, as 'surrogate'"
            )
        self._score = problem.score

    def ask(self) -> Architectures:
        """(N, L) the front, (0, L) once that was told."""
        if self.scores:
            return np.empty((0, self.problem.length), dtype=np.int64)
        score, problem = self._score, self.problem
        front = exact_front(score, problem) if isinstance(score, Trellis) else score.front(problem)
        rows = front.architectures
        places = np.linspace(len(rows) - 1, 0, min(self.evaluations, len(rows)))
        some: Architectures = rows[np.unique(places.round().astype(np.int64))]
        return some
