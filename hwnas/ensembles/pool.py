"""Pool: trained networks with what each says of the same images."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwnas.ensembles.information import variations

# A probability counts as at least this much; float32 files give 0 for what is less likely yet.
_LEAST = 1e-30


@dataclass(frozen=True, eq=False)
class Pool:
    """M networks that may become the members of an ensemble, judged on N images.

    Attributes:
        probabilities: (M, N, C) of each class, by each network.
        labels: (N,) the class of each image.
    """

    probabilities: NDArray[np.float64]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.probabilities)

    def accuracy(self, members: Sequence[int]) -> float:
        """Of the averaged probabilities of some networks, in percent."""
        return 100 * float((self._average(members).argmax(1) == self.labels).mean())

    def cross_entropy(self, members: Sequence[int]) -> float:
        """Of the same, a mean over the images in nats; the less, the better."""
        average = self._average(members)
        of_label = average[np.arange(len(self.labels)), self.labels]
        return float(-np.log(np.maximum(of_label, _LEAST)).mean())

    def diversity(self, members: Sequence[int]) -> float:
        """The mean variation of information of each two of them, 0 to 1; 0 of a single one."""
        some = list(members)
        if len(some) < 2:
            return 0.0
        return float(self._variations[np.ix_(some, some)].sum() / (len(some) * (len(some) - 1)))

    @cached_property
    def answers(self) -> NDArray[np.int64]:
        """(M, N) the likeliest class by each network."""
        answers: NDArray[np.int64] = self.probabilities.argmax(2)
        return answers

    @cached_property
    def _variations(self) -> NDArray[np.float64]:
        return variations(self.answers)

    def _average(self, members: Sequence[int]) -> NDArray[np.float64]:
        """(N, C)."""
        average: NDArray[np.float64] = self.probabilities[list(members)].mean(0)
        return average
