"""MDENAS (Zheng et al. 2019, arXiv 1905.07529): multinomials moved by comparing choices."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.search.policies.policy import Policy
from hwnas.search.policies.walk import Choices, Open, picked
from hwnas.spaces.space import Architectures

_LEAST = 1e-12


class MultinomialSettings(StrictModel):
    """How fast probability moves, and what choices are compared by.

    Attributes:
        rate: the probability that moves from one choice to another.
        performance: of a choice: the `mean` of its rewards, or the `last`, as published.
    """

    rate: Annotated[float, Field(gt=0, le=1)] = 0.01
    performance: Literal["mean", "last"] = "mean"


class MultinomialSearch(Policy):
    """A multinomial for every slot, from which networks are drawn.

    After each reward, the choices of a slot are compared in pairs: from one that was drawn at least
    as often as another and performs worse, probability moves to the other.

    Published is the last reward of a choice, in a training where choices improve by being drawn.
    Of scores that stay as they are it learns nothing: the rest of the network decides about one
    reward, and a choice that has gained probability is drawn more often, hence cannot gain again
    before the others have caught up. Ours, by default, is the running mean, whose order stays. The
    values are the logarithms of the probabilities.
    """

    name: ClassVar[str] = "mdenas"
    settings_model: ClassVar[type[StrictModel]] = MultinomialSettings
    of_accuracies: ClassVar[bool] = True
    settings: MultinomialSettings

    @override
    def prepare(self) -> None:
        self.learnt["probabilities"] = self.choices.softmax(np.zeros(self.choices.total))
        self.learnt["epochs"] = np.zeros(self.choices.total)
        self.learnt["performances"] = np.zeros(self.choices.total)

    @override
    def draw(self, count: int) -> Architectures:
        logits = self._logits

        def choose(slot: int, beginnings: Architectures, open_choices: Open) -> Choices:
            del beginnings
            return picked(self.choices.of(slot, logits), open_choices, self.generator)

        return self.walk.draw(count, choose, self.generator)

    @property
    def _logits(self) -> NDArray[np.float64]:
        logits: NDArray[np.float64] = np.log(np.maximum(self.learnt["probabilities"], _LEAST))
        return logits

    @override
    def learn(self, architectures: Architectures, rewards: NDArray[np.float64]) -> None:
        epochs, performances = self.learnt["epochs"], self.learnt["performances"]
        for places, reward in zip(self.choices.places(architectures), rewards, strict=True):
            epochs[places] += 1.0
            share = 1.0 if self.settings.performance == "last" else 1.0 / epochs[places]
            performances[places] += share * (reward - performances[places])
            self._compare()

    def _compare(self) -> None:
        """Moves probability within every slot, of each pair from the worse that had no less."""
        moved = []
        slots = (
            self.choices.split(self.learnt[name])
            for name in ("probabilities", "epochs", "performances")
        )
        for before, epochs, performances in zip(*slots, strict=True):
            known = epochs > 0
            worse = (epochs[:, None] >= epochs) & (performances[:, None] < performances)
            worse &= known[:, None] & known
            given = np.minimum(self.settings.rate, before / np.maximum(worse.sum(axis=1), 1))
            flow = np.where(worse, given[:, None], 0.0)
            moved.append(before - flow.sum(axis=1) + flow.sum(axis=0))
        self.learnt["probabilities"] = np.concatenate(moved)

    @override
    def values(self) -> list[NDArray[np.float64]]:
        return self.choices.split(self._logits)
