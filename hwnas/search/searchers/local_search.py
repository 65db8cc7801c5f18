"""Local search (White et al. 2020, arXiv 2005.02960): the neighbours of the best, then restart."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

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
    first batch with a better one ends the stay; what is known already is not evaluated again. In an
    asynchronous search the first better one ends it; those that are pending then are climbed from
    if they turn out better still.

    Raises:
        BudgetError: no network keeps the budgets.
    """

    name: ClassVar[str] = "local"
    asynchronous: ClassVar[Mapping[str, Any] | None] = {"batch": 1}
    settings_model: ClassVar[type[StrictModel]] = LocalSearchSettings
    settings: LocalSearchSettings

    @override
    def prepare(self) -> None:
        self._at: tuple[int, ...] | None = None
        self._around: Architectures = self.nothing
        # What was pending when it moved on, and the score that each has to beat.
        self._late: dict[tuple[int, ...], float] = {}

    @override
    def ask(self) -> Architectures:
        while len(self._around):
            best = self._best()
            if best is not None and self.scores[best] > self._height:
                self._move(best)
                continue
            rows = self.unseen(self._around)[: self.settings.batch]
            if len(rows) or self.remaining <= 0:
                return rows
            break
        self._move(None)
        return self._around

    @property
    def _height(self) -> float:
        return -math.inf if self._at is None else self.scores[self._at]

    def _best(self) -> tuple[int, ...] | None:
        """The best that is known of where it could go; None where nothing is."""
        known = [key for key in keys(self._around) if key in self.scores]
        known += [key for key, least in self._late.items() if self.scores.get(key, least) > least]
        return max(known, key=self.scores.__getitem__, default=None)

    def _move(self, architecture: tuple[int, ...] | None) -> None:
        """Stays at another network from now on; None restarts."""
        waited = {**dict.fromkeys(keys(self._around), self._height), **self._late}
        self._late = {
            key: max(least, self._height) for key, least in waited.items() if key in self.pending
        }
        self._at = architecture
        if architecture is None:
            self._around = self.random(self.settings.start)
        else:
            around = neighbours(self.problem, np.array([architecture], dtype=np.int64))
            self._around = self.generator.permutation(around)
