"""SupernetAccuracy: how good a network is with the weights it inherits."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from hwnas.core.errors import DataError
from hwnas.data.dataset import ImageDataset
from hwnas.networks.blocks import Network
from hwnas.objectives.objective import Direction
from hwnas.spaces import Architectures
from hwnas.spaces.space import keys
from hwnas.supernet.supernet import Supernet
from hwnas.training.evaluation import accuracy
from hwnas.training.placement import device_of
from hwnas.training.recalibration import recalibrate


class SupernetAccuracy:
    """Validation accuracy of extracted, recalibrated sub-networks, in percent; an Objective.

    The same network always has the same value: the recalibration images are a fixed sample of the
    training images. What was judged is kept by its canonical architecture, hence a supernet that is
    trained further needs a new one of these.
    """

    name = "accuracy"
    unit = "%"
    direction: Direction = "maximize"

    def __init__(
        self,
        supernet: Supernet,
        dataset: ImageDataset,
        *,
        recalibration_images: int = 384,
        device: torch.device | None = None,
    ) -> None:
        """Takes a trained supernet, the images it was trained on, and where networks are to run.

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
        self._device = device or device_of(supernet)
        self._known: dict[tuple[int, ...], float] = {}
        self._validation = dataset.validation
        self._recalibration = dataset.train.sample(recalibration_images).images

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) accuracies of N networks of the space, in percent.

        Raises:
            ValueError: a network is not in the supernet's space.
        """
        return self.evaluate_architectures(self.supernet.space.architectures(networks))

    def evaluate_architectures(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) accuracies of a population (N, L), in percent.

        Raises:
            ValueError: not architectures of the supernet's space.
        """
        rows = self.supernet.space.canonical(architectures)
        for key, row in zip(keys(rows), rows, strict=True):
            if key not in self._known:
                self._known[key] = self._one(row)
        return np.array([self._known[key] for key in keys(rows)], float)

    def _one(self, architecture: Architectures) -> float:
        network = self.supernet.extract(architecture).to(self._device)
        recalibrate(network, self._recalibration)
        return accuracy(network, self._validation)
