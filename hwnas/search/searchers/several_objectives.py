"""What an evolution minimises: the score's negative, costs by their names, and novelty."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.core.spelling import nearest
from hwnas.search.problem import AnyCost, SearchProblem
from hwnas.search.searchers.novelty import novelty
from hwnas.spaces.space import Architectures, keys

SCORE, COST, NOVELTY = "score", "cost", "novelty"
OTHER_OBJECTIVES = (SCORE, COST, NOVELTY)
"""What may be named beside costs."""

Scores: TypeAlias = dict[tuple[int, ...], float]


def costs_among(names: Sequence[str]) -> tuple[str, ...]:
    """Those that are names of costs."""
    return tuple(name for name in names if name not in OTHER_OBJECTIVES)


class SeveralObjectives:
    """The objectives of one search, all to be minimised."""

    def __init__(
        self, problem: SearchProblem, names: Sequence[str], neighbours: int, searcher: str
    ) -> None:
        """Finds the costs.

        Args:
            problem: that is searched.
            names: "score", "cost" (the front's), "novelty", and costs that the problem knows.
            neighbours: from how many of the nearest a network's novelty is its distance.
            searcher: whose setting the names are, for messages.

        Raises:
            BudgetError: an installed package's cost is none.
            ConfigError: the problem knows no such cost.
        """
        self._neighbours = neighbours
        self._sources: dict[str, AnyCost | None] = {}
        for name in names:
            if name in (SCORE, NOVELTY):
                self._sources[name] = None
                continue
            of = problem.cost.name if name == COST else name
            if of not in problem.costs_known:
                known = [*OTHER_OBJECTIVES, *problem.costs_known]
                raise ConfigError(
                    f"{searcher}: 'objectives' names '{shown(of)}', which is nothing that networks "
                    f"of {problem.space.name} are known to have{nearest(of, known)} "
                    f"(known: {', '.join(known)})"
                )
            self._sources[of] = problem.cost_of(of)

    @property
    def count(self) -> int:
        """M, how many they are: the front's cost by both of its names is one."""
        return len(self._sources)

    @property
    def change(self) -> bool:
        """Whether values of a network change as others are evaluated."""
        return NOVELTY in self._sources

    def values(
        self, rows: Architectures, scores: Scores, archive: Architectures
    ) -> NDArray[np.float64]:
        """(N, M) what is to be minimised, of canonical architectures (N, L).

        Args:
            rows: the architectures.
            scores: of those that were evaluated; the others get the worst of them.
            archive: (K, L) what novelty is the distance from.
        """
        columns = []
        for name, cost in self._sources.items():
            if cost is not None:
                columns.append(cost.evaluate(rows))
            elif name == NOVELTY:
                # It falls as the archive grows, and what algorithms remember of earlier
                # generations must not be out of reach: hence a share of the most novel's.
                found = novelty(rows, archive, self._neighbours)
                columns.append(-found / found.max())
            else:
                # What was not evaluated is infeasible, or the limit is reached and nothing follows.
                worst = min(scores.values())
                columns.append(-np.array([scores.get(key, worst) for key in keys(rows)]))
        return np.column_stack(columns)
