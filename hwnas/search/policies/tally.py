"""The rewards that were told of networks with each choice, as means over them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.search.policies.choices import FlatChoices
from hwnas.spaces.space import Architectures

# As many rewards of the mean of all are added to those of each choice: one reward says little.
_PRIOR = 1.0


class Tally:
    """Rewards by choice, kept in arrays of a policy's `learnt`."""

    def __init__(self, choices: FlatChoices, learnt: dict[str, NDArray[Any]]) -> None:
        """Adds its arrays.

        Args:
            choices: of the space.
            learnt: where they are kept.
        """
        self._choices, self._learnt = choices, learnt
        learnt["choice_counts"] = np.zeros(choices.total)
        learnt["choice_sums"] = np.zeros(choices.total)
        learnt["rewards"] = np.zeros(3)  # how many, their mean, their squared deviations from it

    def add(self, architectures: Architectures, rewards: NDArray[np.float64]) -> None:
        """Takes the rewards (N,) of architectures (N, L)."""
        self._learnt["choice_counts"] += self._choices.sums(architectures, np.ones(len(rewards)))
        self._learnt["choice_sums"] += self._choices.sums(architectures, rewards)
        count, mean, squares = self._learnt["rewards"].tolist()
        for reward in rewards.tolist():  # Welford 1962, which does not lose digits
            count += 1
            step = reward - mean
            mean += step / count
            squares += step * (reward - mean)
        self._learnt["rewards"][:] = count, mean, squares

    @property
    def count(self) -> int:
        """How many rewards there were."""
        return int(self._learnt["rewards"][0])

    def standard(self, rewards: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rewards as standard deviations above the mean of all that there were."""
        count, mean, squares = self._learnt["rewards"].tolist()
        deviation = (squares / max(1.0, count)) ** 0.5
        standard: NDArray[np.float64] = (rewards - mean) / (deviation or 1.0)
        return standard

    @property
    def means(self) -> NDArray[np.float64]:
        """(T,) the mean reward with each choice, standard, drawn towards that of all."""
        counts, mean = self._learnt["choice_counts"], float(self._learnt["rewards"][1])
        sums = self._learnt["choice_sums"] + _PRIOR * mean
        return self.standard(sums / (counts + _PRIOR))
