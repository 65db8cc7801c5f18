"""SupernetAccuracy: how good a network is with the weights it inherits."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from devices.errors import DataError
from hwnas.data.dataset import ImageDataset
from hwnas.spaces import Architectures
from hwnas.supernet.evaluation import accuracy
from hwnas.supernet.recalibration import recalibrate
from hwnas.supernet.supernet import Supernet
from latency.blocks import Network
from objectives.objective import Direction


class SupernetAccuracy:
    """Validation accuracy of extracted, recalibrated sub-networks, in percent; an Objective.

    The same network always has the same value: the recalibration images are a fixed sample of the
    training images.
    """

    name = "accuracy"
    unit = "%"
    direction: Direction = "maximize"

    def __init__(
        self, supernet: Supernet, dataset: ImageDataset, *, recalibration_images: int = 384
    ) -> None:
        """Takes a trained supernet and the images it was trained on.

        Raises:
            DataError: the images' resolution or class count is not the space's.
        """
        space = supernet.space
        have, want = (dataset.resolution, dataset.classes), (space.resolution, space.classes)
        if have != want:
            raise DataError(
                f"{dataset.name} has {have[1]} classes at {have[0]} pixels, the supernet was made "
                f"for {want[1]} classes at {want[0]} pixels; use the images it was trained on"
            )
        self.supernet = supernet
        self._validation = dataset.validation
        count = min(recalibration_images, len(dataset.train))
        chosen = np.random.default_rng(0).permutation(len(dataset.train))[:count]
        self._recalibration = dataset.train.images[chosen]

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) accuracies of N networks of the space, in percent.

        Raises:
            ValueError: a network is not in the supernet's space.
        """
        space = self.supernet.space
        return np.array([self._one(space.architecture(network)) for network in networks], float)

    def evaluate_architectures(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) accuracies of a population (N, L), in percent.

        Raises:
            ValueError: not architectures of the supernet's space.
        """
        rows = self.supernet.space.check(architectures)
        return np.array([self._one(row) for row in rows], float)

    def _one(self, architecture: Architectures) -> float:
        network = self.supernet.extract(architecture)
        recalibrate(network, self._recalibration)
        return accuracy(network, self._validation)
