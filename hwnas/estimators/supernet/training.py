"""Training a supernet, and reading a trained one."""

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from torch import nn

from hwnas.core.digests import digest
from hwnas.core.listener import SILENT, Listener
from hwnas.data import ImageDataset
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.supernet.accuracy import SupernetAccuracy
from hwnas.estimators.supernet.plan import plan, too_short
from hwnas.estimators.supernet.start import conventions_of, rule_of, start_supernet
from hwnas.estimators.trained import read_trained, training_images
from hwnas.spaces import Architectures
from hwnas.spaces.extremes import largest, smallest
from hwnas.supernet.supernet import Supernet
from hwnas.training.checkpoint import load_weights, save_weights
from hwnas.training.distributed import current_group
from hwnas.training.step_progress import with_loss
from hwnas.training.trainer import TrainReport, identity, train
from hwnas.training.training_state import CONVENTIONS, load_trained

# Enough to see how a training goes, and few enough to take 2 % of its time.
_WATCHED_IMAGES = 500


def train_supernet(inputs: EstimatorInputs, listener: Listener = SILENT) -> TrainReport | None:
    """Trains a supernet, or continues; a trained one is just read.

    Of several processes (`hwnas.training.distributed`) only the first one writes.

    Returns:
        None for weights that are taken as they are, since they are to be trained for no epoch at
        all.

    Raises:
        ConfigError: see `start_supernet`.
        RunError: see `hwnas.training.trainer.train`.
    """
    config, dataset = inputs.recipe, inputs.dataset
    supernet = start_supernet(inputs).supernet
    if not config.epochs:
        _take_as_it_is(supernet, inputs)
        return None
    if not inputs.weights_file.is_file():
        listener.say(plan(inputs))
        if warning := too_short(inputs):
            listener.warn(warning)
    title = f"training the supernet on {len(dataset.train):,} images of {dataset.name}"
    with listener.progress(title, "steps") as update:
        return train(
            supernet,
            training_images(inputs),
            config,
            checkpoint=inputs.weights_file,
            rule=rule_of(inputs),
            progress=with_loss(update),
            log=inputs.log,
            watch=partial(_extremes, inputs),
            judge=partial(_accuracies, inputs),
        )


def load_supernet(inputs: EstimatorInputs) -> Supernet:
    """A trained supernet; its file says whether it has kernel transforms.

    Raises:
        ConfigError: no file is named.
        RunError: it was not trained, or not to the end, or on another space or other images.
    """
    _, texts = load_weights(inputs.weights_file)
    conventions = conventions_of(inputs)
    supernet = Supernet(inputs.space, kernel_transforms=True, conventions=conventions)
    if texts.get("network") != digest(supernet.identity):
        supernet = Supernet(inputs.space, conventions=conventions)
    read_trained(supernet, inputs)
    return supernet


def _extremes(inputs: EstimatorInputs, module: nn.Module) -> dict[str, float]:
    """Validation accuracies of the smallest and the largest sub-network, in percent.

    Of a space of several resolutions those of each.
    """
    space, accuracy = inputs.space, _accuracy(inputs, module)
    found: dict[str, float] = {}
    for resolution in space.resolutions:
        where = f"_{resolution}px" if len(space.resolutions) > 1 else ""
        for name, extreme in (("smallest", smallest), ("largest", largest)):
            row = extreme(space, resolution=resolution)
            found[f"accuracy/{name}{where}"] = float(accuracy.evaluate_architectures(row)[0])
    return found


def _accuracies(
    inputs: EstimatorInputs, module: nn.Module, paths: Architectures
) -> NDArray[np.float64]:
    """(N,) validation accuracies of paths (N, L), in percent."""
    return _accuracy(inputs, module).evaluate_architectures(paths)


def _accuracy(inputs: EstimatorInputs, module: nn.Module) -> SupernetAccuracy:
    """Of the present weights, on few images."""
    assert isinstance(module, Supernet)
    return SupernetAccuracy(module, [_watched(inputs, each) for each in inputs.space.resolutions])


def _watched(inputs: EstimatorInputs, resolution: int) -> ImageDataset:
    dataset = inputs.dataset_at(resolution)
    return replace(dataset, validation=dataset.validation.sample(_WATCHED_IMAGES))


def _take_as_it_is(supernet: Supernet, inputs: EstimatorInputs) -> None:
    config, file = inputs.recipe, inputs.weights_file
    belongs_to = identity(supernet, training_images(inputs), config, rule_of(inputs))
    if not current_group().first:
        return
    if file.is_file():
        load_trained(supernet, file, belongs_to)
    else:
        texts = {"step": "0", "steps": "0", "loss": "nan", CONVENTIONS: supernet.conventions.text}
        save_weights(file, supernet.state_dict(), texts | belongs_to)
