"""Uniform draws: the baseline of all policies, and what single-path training does."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from hwnas.search.policies.policy import Policy
from hwnas.search.policies.tally import Tally
from hwnas.spaces.space import Architectures


class Uniform(Policy):
    """As the space samples (SPOS, Guo et al. 2020, arXiv 1904.00420), whatever the rewards.

    The values are the mean rewards with each choice.
    """

    name: ClassVar[str] = "uniform"

    @override
    def prepare(self) -> None:
        self._tally = Tally(self.choices, self.learnt)

    @override
    def draw(self, count: int) -> Architectures:
        return self.walk.random(count, self.generator)

    @override
    def learn(self, architectures: Architectures, rewards: NDArray[np.float64]) -> None:
        self._tally.add(architectures, rewards)

    @override
    def values(self) -> list[NDArray[np.float64]]:
        return self.choices.split(self._tally.means)
