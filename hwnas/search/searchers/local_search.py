"""Local search (White et al. 2020, arXiv 2005.02960): the neighbours of the best, then restart."""

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.search.neighbours import neighbours
from hwnas.search.searchers.searcher import Searcher
from hwnas.spaces.space import Architectures, keys


class LocalSearchSettings(StrictModel):
    """How many networks a climb and each of its steps choose among.

    Attributes:
        start: random networks, of which the best is climbed from.
        batch: neighbours that are evaluated before the search may move.
    """

    start: Annotated[int, Field(ge=1)] = 10
    batch: Annotated[int, Field(ge=1)] = 8


class LocalSearch(Searcher):
    """Climbs one score from a random network to a network that no neighbour beats, then restarts.

    Neighbours differ in one slot and keep the budgets. They are tried in random order, and the
    first batch with a better one ends the stay; what is known already is not evaluated again.

    Raises:
        BudgetError: no network keeps the budgets.
    """

    name: ClassVar[str] = "local"
    settings_model: ClassVar[type[StrictModel]] = LocalSearchSettings
    settings: LocalSearchSettings

    @override
    def prepare(self) -> None:
        self._at: tuple[int, ...] | None = None
        self._around: Architectures = self.nothing

    @override
    def ask(self) -> Architectures:
        while len(self._around):
            known = (key for key in keys(self._around) if key in self.scores)
            best = max(known, key=self.scores.__getitem__)
            if self._at is None or self.scores[best] > self.scores[self._at]:
                self._stay_at(best)
                continue
            rows = self.unseen(self._around)[: self.settings.batch]
            if len(rows) or self.remaining <= 0:
                return rows
            break
        self._at = None
        self._around = self.random(self.settings.start)
        return self._around

    def _stay_at(self, architecture: tuple[int, ...]) -> None:
        self._at = architecture
        around = neighbours(self.problem, np.array([architecture], dtype=np.int64))
        self._around = self.generator.permutation(around)
