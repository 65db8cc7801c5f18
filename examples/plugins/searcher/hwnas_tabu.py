"""Tabu search (Glover 1989): to the best neighbour, even a worse one, and never back."""

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hwnas.core.configs import StrictModel
from hwnas.search.neighbours import neighbours
from hwnas.search.searchers import Searcher
from hwnas.spaces import Architectures


class TabuSettings(StrictModel):
    """How far it looks and how long it stays.

    Attributes:
        batch: neighbours that are scored before the best of them is moved to.
        patience: moves in a row without a better network before it starts from the best again.
    """

    batch: Annotated[int, Field(ge=1)] = 8
    patience: Annotated[int, Field(ge=1)] = 5


class TabuSearch(Searcher):
    """Moves to the best of some neighbours whose score was not known; what is known is tabu."""

    name: ClassVar[str] = "tabu"
    settings_model: ClassVar[type[StrictModel]] = TabuSettings
    settings: TabuSettings

    def prepare(self) -> None:
        """Starts nowhere: the first question is for random networks."""
        self._here = self.nothing
        self._moves = 0

    def ask(self) -> Architectures:
        """(N, L) neighbours of where it is; random networks where none are left to score."""
        if self._moves > self.settings.patience:
            rows, scores = self.evaluated
            self._here, self._moves = rows[scores.argmax()][None], 0
        around = self.generator.permutation(neighbours(self.problem, self._here))
        rows = self.unseen(around)[: self.settings.batch]
        return rows if len(rows) else self.random(self.settings.batch)

    def tell(self, architectures: Architectures, scores: NDArray[np.float64]) -> None:
        """Moves to the best of them."""
        before = max(self.scores.values(), default=-np.inf)
        super().tell(architectures, scores)
        self._here = architectures[scores.argmax()][None]
        self._moves = 0 if scores.max() > before else self._moves + 1
