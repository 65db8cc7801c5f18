"""Accuracies over a family of spaces from one supernet, for benchmarks of what searchers find.

One supernet of the family is trained, each step on images of a resolution that is drawn. A network
is judged with the weights that it inherits, at its own resolution, and only once. A searcher is
told the accuracy on the validation images, and its front is judged by that on the test images,
which neither the training nor a search saw. Both are the same for all seeds of a search.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwnas.data import ImageDataset
from hwnas.estimators.supernet.accuracy import SupernetAccuracy
from hwnas.spaces import Architectures, SpaceFamily
from hwnas.supernet.supernet import Supernet
from hwnas.training.auto import SUPERNET_LENGTH, resolved
from hwnas.training.rules import supernet_rule
from hwnas.training.train_config import TrainConfig, TrainSettings
from hwnas.training.trainer import train


@dataclass(frozen=True)
class SupernetAccuracies:
    """The accuracies of a trained supernet.

    Attributes:
        validation: what searchers are told.
        test: what their fronts are judged by.
    """

    validation: SupernetAccuracy
    test: SupernetAccuracy

    @classmethod
    def of(cls, supernet: Supernet, datasets: Sequence[ImageDataset]) -> "SupernetAccuracies":
        """Takes a trained supernet and its images at every resolution."""
        held_out = [replace(each, validation=each.test) for each in datasets]
        return cls(SupernetAccuracy(supernet, datasets), SupernetAccuracy(supernet, held_out))

    def observed(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) accuracies on the validation images, in per cent."""
        return self.validation.evaluate_architectures(architectures)

    def true(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) accuracies on the test images, in per cent."""
        return self.test.evaluate_architectures(architectures)


def trained_accuracies(
    family: SpaceFamily,
    datasets: Sequence[ImageDataset],
    checkpoint: Path,
    epochs: int | None = None,
) -> SupernetAccuracies:
    """Those of a supernet that is trained by single paths, or is there at `checkpoint`.

    Args:
        family: of the supernet.
        datasets: the same images at every resolution of the family.
        checkpoint: the file that keeps the supernet.
        epochs: of the training; as many as the images ask for where it is None.
    """
    supernet = Supernet(family)
    config = _recipe(datasets[0], family.largest_resolution, epochs)
    splits = [each.train for each in datasets]
    train(supernet, splits, config, checkpoint=checkpoint, rule=supernet_rule(config, family))
    return SupernetAccuracies.of(supernet, datasets)


def _recipe(dataset: ImageDataset, resolution: int, epochs: int | None) -> TrainConfig:
    """As a search's own supernet is trained where its config leaves all to hwnas."""
    settings = TrainSettings(
        epochs="auto" if epochs is None else epochs,
        batch_size="auto",
        learning_rate="auto",
        warmup_epochs="auto",
        crop_padding="auto",
    )
    return resolved(settings, len(dataset.train), resolution, SUPERNET_LENGTH)
