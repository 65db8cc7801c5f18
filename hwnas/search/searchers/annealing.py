"""Simulated annealing by small steps, as FOX-NAS searches its predictor (arXiv 2108.08189)."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.search.searchers.searcher import Searcher
from hwnas.spaces.space import Architectures, keys

# Moves that are drawn at once: the first that keeps the budgets is made.
_DRAWN = 16
# Moves in a row to what is known, or over a budget, before a random network is taken.
_FRUITLESS = 160
# Of the standard deviation of the first scores.
_WARMTH, _WORSE = 0.1, 0.05
# As published, but for searches that are shorter than that.
_PATIENCE, _PATIENCE_SHARE = 500, 20
_STEPS = np.array([-1, 1])


class AnnealingSettings(StrictModel):
    """How far a move goes, and when it may be downwards.

    Attributes:
        start: random networks, of which the best is moved from.
        slots: that a move changes at most, each by one step.
        accept: `cooling`: a worse network with the probability exp(−loss / temperature), where the
            temperature falls to 0; `stalls`, as published: one that is a little worse, after many
            moves without a better one.
        patience: of `stalls`: how many moves; by default a twentieth of the evaluations, at most
            500.
        worse: of `stalls`: how much worse, in the unit of the score; of `cooling`: the first
            temperature. By default a twentieth, and a tenth, of the standard deviation of the first
            networks' scores.
        batch: networks that are asked for at once, to be evaluated side by side.
    """

    start: Annotated[int, Field(ge=1)] = 10
    slots: Annotated[int, Field(ge=1)] = 2
    accept: Literal["cooling", "stalls"] = "cooling"
    patience: Annotated[int, Field(ge=0)] | None = None
    worse: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    batch: Annotated[int, Field(ge=1)] = 1


class Annealing(Searcher):
    """Walks by small steps: always to a better network, now and then to a worse one.

    A step goes to the next cheaper or dearer choice of a slot. Moves that break a budget are drawn
    again; what is known already is moved to without another evaluation.

    FOX-NAS takes eight steps at once, later five, on 25 features of stages, and a network that is
    worse by less than 0.1 points after 500 failures. Ours are steps in at most two slots, and a
    temperature: they come nearer to the optimum of additive scores (docs/benchmarks/search.md).

    Raises:
        BudgetError: no network keeps the budgets.
    """

    name: ClassVar[str] = "annealing"
    version: ClassVar[int] = 2
    asynchronous: ClassVar[Mapping[str, Any] | None] = {"batch": 1}
    settings_model: ClassVar[type[StrictModel]] = AnnealingSettings
    settings: AnnealingSettings

    @override
    def prepare(self) -> None:
        # By what they add to the cost on average: the choices of each slot, and their places.
        steps = [step.mean(axis=(0, 1)) for step in self.problem.cost.steps]
        self._orders = [np.argsort(step, kind="stable") for step in steps]
        self._places = [np.argsort(order, kind="stable") for order in self._orders]
        self._start = min(self.settings.start, max(1, self.evaluations // 4))
        patience = min(_PATIENCE, self.evaluations // _PATIENCE_SHARE)
        self._patience = patience if self.settings.patience is None else self.settings.patience
        self._worse = self.settings.worse
        self._at: tuple[int, ...] | None = None
        self._failures = 0

    @override
    def ask(self) -> Architectures:
        if self._at is None:
            return self.random(1 if self.pending else self._start)
        return self.one_by_one(min(self.settings.batch, self.remaining), self._next)

    @override
    def tell(self, architectures: Architectures, scores: NDArray[np.float64]) -> None:
        first = self._start - len(self.scores)
        super().tell(architectures, scores)
        for number, key in enumerate(keys(architectures)):
            if self._at is None or number < first:
                self._at = max(self._at or key, key, key=self.scores.__getitem__)
            else:
                self._at = self._after(key, self._at)

    def _next(self, others: Architectures) -> Architectures:
        """(1, L) a new network that is none of `others`; (0, L) where nothing is left."""
        assert self._at is not None
        at, taken = self._at, set(keys(others))
        for _ in range(_FRUITLESS // _DRAWN):
            for key in keys(self._moved(at)):
                if self.is_new(key) and key not in taken:
                    self._at = at
                    return np.array([key], dtype=np.int64)
                if key in self.scores and key != at:
                    before, at = at, self._after(key, at)
                    if at != before:
                        break  # the other moves were from there
        self._at = at
        return self.random(1, others)

    def _moved(self, at: tuple[int, ...]) -> Architectures:
        """(N, L) canonical architectures one move from another, within the budgets."""
        places = np.array([own[choice] for own, choice in zip(self._places, at, strict=True)])
        shape = (_DRAWN, self.problem.length)
        order = self.generator.random(shape).argsort(axis=1)
        moved = order < self.generator.integers(1, self.settings.slots + 1, size=(_DRAWN, 1))
        steps = np.where(moved, self.generator.choice(_STEPS, size=shape), 0)
        places = np.clip(places + steps, 0, self.problem.space.choice_counts - 1)
        columns = [own[column] for own, column in zip(self._orders, places.T, strict=True)]
        rows = self.problem.space.canonical(np.column_stack(columns))
        return rows[self.problem.feasible(rows)]

    def _after(self, key: tuple[int, ...], at: tuple[int, ...]) -> tuple[int, ...]:
        """Where it is after a move from `at` to a network whose score is known."""
        gain = self.scores[key] - self.scores[at]
        if gain > 0 or self._accepts(gain):
            self._failures = 0
            return key
        self._failures += 1
        return at

    def _accepts(self, gain: float) -> bool:
        """Whether a network that is no better is moved to."""
        if len(self.scores) < self._start:
            return False
        if self._worse is None:
            first = np.array(list(self.scores.values())[: self._start])
            share = _WARMTH if self.settings.accept == "cooling" else _WORSE
            self._worse = share * float(first.std())
        if self.settings.accept == "stalls":
            return self._failures > self._patience and gain > -self._worse
        temperature = self._worse * self.remaining / self.evaluations
        return temperature > 0 and self.generator.random() < math.exp(gain / temperature)
