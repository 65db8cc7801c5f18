"""SupernetAccuracy: how good a network is with the weights it inherits."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

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
from hwnas.spaces import Architectures, Space
from hwnas.spaces.space import keys
from hwnas.supernet.supernet import Supernet
from hwnas.training.evaluation import predictions
from hwnas.training.inputs import Inputs, in_order, recalibration_batch, suitable_batch
from hwnas.training.placement import device_of
from hwnas.training.recalibration import mixed_batches

KEPT_BYTES = 512 * 2**20
"""Memory for images of all resolutions as networks take them, 10,900 of 64 pixels; more are
converted each time."""


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
        dataset: ImageDataset | Sequence[ImageDataset],
        *,
        recalibration_images: int = 384,
        device: torch.device | None = None,
    ) -> None:
        """Takes a trained supernet, the images it was trained on, and where networks are to run.

        The supernet of several resolutions needs the same images at each of them; every network is
        judged on those of its own.

        Raises:
            DataError: the images' resolution or class count is not the space's.
        """
        space = supernet.space
        datasets = [dataset] if isinstance(dataset, ImageDataset) else list(dataset)
        for each in datasets:
            _check_images(each, space)
        self.supernet = supernet
        self._device = device or device_of(supernet)
        self._known: dict[tuple[int, ...], float] = {}
        self._blocks: dict[tuple[BlockModule, Block], WeightedBlock] = {}
        self._judging = {
            each.resolution: _Judging.of(each, supernet, recalibration_images, self._device)
            for each in datasets
        }
        missing = [each for each in space.resolutions if each not in self._judging]
        if missing:
            raise DataError(
                f"the networks of {space.name} at {missing[0]} pixels need images of that size; "
                f"load {datasets[0].name} at {' and '.join(map(str, space.resolutions))} pixels"
            )
        left = KEPT_BYTES
        every = self._judging.values()
        for inputs in (*(each.recalibration for each in every), *(e.validation for e in every)):
            left -= inputs.keep(left)

    def __getstate__(self) -> dict[str, Any]:
        """Without what is kept for speed: a copy, in another process, has what it needs."""
        return {**vars(self), "_known": {}, "_blocks": {}}

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
            network, images = self._recalibrated(architecture)
            predicted = predictions(network, images.validation)
        return 100.0 * float((predicted == images.labels).mean())

    def probabilities(self, architecture: Architectures) -> NDArray[np.float64]:
        """(N, classes) what one architecture (L,) says of the validation images, see `judge`.

        Raises:
            ValueError: not an architecture of the supernet's space.
        """
        with torch.inference_mode():
            network, images = self._recalibrated(architecture)
            found = torch.cat([network(x).softmax(1).cpu() for x in images.validation])
        rows: NDArray[np.float64] = found.double().numpy()
        return rows

    def _recalibrated(self, architecture: Architectures) -> tuple[FoldedNetwork, "_Judging"]:
        """The network of an architecture, and the images that it is judged on."""
        images = self._judging[self.supernet.space.member(architecture).resolution]
        blocks = [self._weighted(*part) for part in self.supernet.path(architecture)]
        return FoldedNetwork(blocks, norm_statistics(blocks, images.recalibration)), images

    def _weighted(self, module: BlockModule, block: Block) -> WeightedBlock:
        if (module, block) not in self._blocks:
            self._blocks[module, block] = weighted_block(module, block, self._device)
        return self._blocks[module, block]


@dataclass(frozen=True)
class _Judging:
    """The images of one resolution: those that batch norms are recalibrated by, and the others."""

    recalibration: Inputs
    validation: Inputs
    labels: NDArray[np.int64]

    @classmethod
    def of(
        cls, dataset: ImageDataset, supernet: Supernet, sample: int, device: torch.device
    ) -> "_Judging":
        """In batches that suit the networks of the resolution."""
        space, conventions = supernet.space, supernet.conventions
        blocks = list(
            chain.from_iterable(
                space.members[number].blocks() for number in space.at(dataset.resolution)
            )
        )
        return cls(
            mixed_batches(
                dataset.train.sample(sample).images,
                device,
                recalibration_batch(blocks),
                conventions,
            ),
            in_order(dataset.validation.images, device, suitable_batch(blocks), conventions),
            dataset.validation.labels,
        )


def _check_images(dataset: ImageDataset, space: Space) -> None:
    """Raises DataError for images of another resolution or class count than the space's."""
    if dataset.resolution in space.resolutions and dataset.classes == space.classes:
        return
    pixels = " or ".join(map(str, space.resolutions))
    raise DataError(
        f"{dataset.name} has {dataset.classes} classes at {dataset.resolution} pixels, the "
        f"supernet was made for {space.classes} classes at {pixels} pixels; use the images it was "
        "trained on"
    )
