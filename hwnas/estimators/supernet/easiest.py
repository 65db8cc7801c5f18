"""Which classes are easy: those that a quick network has learnt after little training."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwnas.core.digests import digest
from hwnas.core.errors import DataError
from hwnas.core.listener import Listener
from hwnas.data.dataset import ImageDataset
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.networks.blocks import block_key
from hwnas.networks.modules import NetworkModule
from hwnas.spaces.extremes import smallest
from hwnas.training.evaluation import right
from hwnas.training.single import train_network
from hwnas.training.step_progress import with_loss

_LEAST = 2
"""Classes: of one alone there is nothing to learn."""


@dataclass(frozen=True)
class ClassOrder:
    """The classes of some images, the easiest first (Dai et al. 2020, DA-NAS, arXiv 2003.12563).

    Attributes:
        classes: (C,) their labels. Those that cannot be learnt and judged, since they have no
            images to train or none to validate, come last.
        accuracies: (C,) of each the share of its validation images that the quick network has
            right; 0 where it has none.
        images: that it was trained on, once an epoch.
    """

    classes: NDArray[np.int64]
    accuracies: NDArray[np.float64]
    images: int

    @classmethod
    def of(cls, dataset: ImageDataset, found: NDArray[np.bool_], images: int) -> "ClassOrder":
        """By what a network has right.

        Args:
            dataset: the images.
            found: (N,) which of the validation images it has right.
            images: that it was trained on.

        Raises:
            DataError: fewer than two classes can be learnt and judged.
        """
        labels = dataset.validation.labels
        counts = np.bincount(labels, minlength=dataset.classes)
        hits = np.bincount(labels, weights=found, minlength=dataset.classes)
        accuracies = hits / np.maximum(counts, 1)
        trained = np.bincount(dataset.train.labels, minlength=dataset.classes)
        lacking = (counts == 0) | (trained == 0)
        if (~lacking).sum() < _LEAST:
            raise DataError(
                f"fewer than {_LEAST} classes of {dataset.name} have images both to train on and "
                "to validate by, so that no few can be learnt first; leave 'classes' of da_nas out"
            )
        order = np.lexsort((-accuracies, lacking)).astype(np.int64)
        return cls(order, accuracies[order], images)

    def easiest(self, share: float) -> NDArray[np.int64]:
        """The labels of a share of the classes, of two at least."""
        count = max(_LEAST, round(share * len(self.classes)))
        return self.classes[:count]


def class_order(
    inputs: EstimatorInputs, epochs: int, folder: Path, listener: Listener
) -> ClassOrder:
    """Trains the smallest network of a space for a while, and sees which classes it learns.

    Args:
        inputs: of the whole space; the settings are those of its training.
        epochs: of the training.
        folder: where its weights are kept: they are trained once.
        listener: is told of it.

    Raises:
        ConfigError, DataError: no images are given, or they cannot be used.
        RunError: see `hwnas.training.trainer.train`.
    """
    network = inputs.space.network(smallest(inputs.space))
    dataset = inputs.dataset_at(network[0].resolution)
    config = inputs.recipe.model_copy(
        update={
            "epochs": epochs,
            "warmup_epochs": min(inputs.recipe.warmup_epochs, 0.5 * epochs),
            "frozen_epochs": 0,
            "body_rate": 1.0,
        }
    )
    name = digest("\n".join([config.settings, dataset.train.digest, *map(block_key, network)]))
    module = NetworkModule(network, config.seed)
    title = f"learning which of the {dataset.classes} classes of {dataset.name} are easy"
    with listener.progress(title, "steps") as update:
        checkpoint = folder / f"quick_{name}.safetensors"
        train_network(module, dataset.train, config, checkpoint, with_loss(update))
    return ClassOrder.of(dataset, right(module, dataset.validation), epochs * len(dataset.train))
