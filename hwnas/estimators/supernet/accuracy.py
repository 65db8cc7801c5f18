"""SupernetAccuracy: how good a network is with the weights it inherits."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from hwnas.core.errors import DataError
from hwnas.data.dataset import ImageDataset
from hwnas.networks.blocks import Block, Network
from hwnas.networks.inference import FoldedNetwork, WeightedBlock, weighted_block
from hwnas.networks.modules import BlockModule
from hwnas.networks.norm_statistics import norm_statistics
from hwnas.objectives.objective import Direction
from hwnas.spaces import Architectures
from hwnas.spaces.space import keys
from hwnas.supernet.supernet import Supernet
from hwnas.training.evaluation import predictions
from hwnas.training.inputs import in_order, recalibration_batch, suitable_batch
from hwnas.training.placement import device_of
from hwnas.training.recalibration import mixed_batches

KEPT_BYTES = 512 * 2**20
"""Memory for images as networks take them, 10,900 of 64 pixels; more are converted each time."""


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
        self._blocks: dict[tuple[BlockModule, Block], WeightedBlock] = {}
        choices = [block for slot in space.slots for block in slot.choices]
        blocks = [*space.prefix, *choices, *space.suffix]
        self._labels = dataset.validation.labels
        sample = dataset.train.sample(recalibration_images).images
        self._recalibration = mixed_batches(
            sample, self._device, recalibration_batch(blocks), supernet.conventions
        )
        self._validation = in_order(
            dataset.validation.images,
            self._device,
            suitable_batch(blocks),
            supernet.conventions,
        )
        kept = self._recalibration.keep(KEPT_BYTES)
        self._validation.keep(KEPT_BYTES - kept)

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
                self._known[key] = self.judge(row)
        return np.array([self._known[key] for key in keys(rows)], float)

    def judge(self, architecture: Architectures) -> float:
        """The accuracy of one architecture (L,), in percent, whether it is known or not.

        Nothing is copied: the network computes with the shared weights themselves. Extracting,
        recalibrating and evaluating one of its own gives the same, but for roundings.

        Raises:
            ValueError: not an architecture of the supernet's space.
        """
        with torch.inference_mode():
            blocks = [self._weighted(*part) for part in self.supernet.path(architecture)]
            statistics = norm_statistics(blocks, self._recalibration)
            predicted = predictions(FoldedNetwork(blocks, statistics), self._validation)
        return 100.0 * float((predicted == self._labels).mean())

    def _weighted(self, module: BlockModule, block: Block) -> WeightedBlock:
        if (module, block) not in self._blocks:
            self._blocks[module, block] = weighted_block(module, block, self._device)
        return self._blocks[module, block]
