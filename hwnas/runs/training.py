"""The training stages of a run: the supernet, and single networks with or without its weights."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from torch import nn

from hwnas.core.errors import ConfigError, RunError
from hwnas.data import ImageDataset, Split
from hwnas.estimators import ESTIMATORS, SUPERNET
from hwnas.estimators.source import Judge, Origin
from hwnas.estimators.supernet_accuracy import SupernetAccuracy
from hwnas.networks.blocks import Network, block_key
from hwnas.networks.modules import EPSILON, NetworkModule, epsilon_text
from hwnas.networks.trainable import Trainable
from hwnas.runs.config import Recipe
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.start import start_supernet, untrained_supernet
from hwnas.spaces import Architectures
from hwnas.spaces.extremes import largest, smallest
from hwnas.supernet.supernet import Supernet
from hwnas.training.checkpoint import digest, save_weights
from hwnas.training.distributed import current_group
from hwnas.training.placement import choose_device, placed
from hwnas.training.progress import load_trained
from hwnas.training.recalibration import recalibrate
from hwnas.training.rules import supernet_rule
from hwnas.training.train_config import TrainConfig
from hwnas.training.trainer import TrainReport, identity, train

# Enough to see how a training goes, and few enough to take 2 % of its time.
_WATCHED_IMAGES = 500

Progress = Callable[[int, int, float], None]
"""Called with the steps done, all steps, and the loss."""


def with_loss(update: Callable[[int, int, str], None]) -> Progress:
    """A trainer's progress as that of a progress bar, the loss as its note."""

    def told(step: int, steps: int, loss: float) -> None:
        update(step, steps, f"loss {loss:.3f}")

    return told


def train_supernet(
    experiment: Experiment, folder: RunFolder, progress: Progress | None = None
) -> TrainReport | None:
    """Trains the supernet of a run, or continues; a finished one is just read.

    Of several processes (`hwnas.training.distributed`) only the first one writes into the folder.
    Published weights that are to be trained for no epoch at all are taken as they are: None.

    Raises:
        RunError: see `hwnas.supernet.train`.
        ConfigError: see `hwnas.runs.start.start_supernet`.
    """
    config = experiment.recipe.train
    supernet = start_supernet(experiment, folder).supernet
    if not config.epochs:
        _take_as_it_is(supernet, experiment, folder)
        return None
    return train(
        supernet,
        experiment.dataset.train,
        config,
        checkpoint=folder.supernet_file,
        rule=supernet_rule(config, experiment.space),
        progress=progress,
        log=folder.log_folder,
        watch=partial(_extremes, experiment.dataset),
    )


def _extremes(dataset: ImageDataset, module: nn.Module) -> dict[str, float]:
    """Validation accuracies of the smallest and the largest sub-network, in percent."""
    assert isinstance(module, Supernet)
    watched = replace(dataset, validation=dataset.validation.sample(_WATCHED_IMAGES))
    judge = SupernetAccuracy(module, watched)
    rows = np.stack([smallest(module.space), largest(module.space)])
    values = judge.evaluate_architectures(rows)
    return dict(zip(("accuracy/smallest", "accuracy/largest"), values.tolist(), strict=True))


def _take_as_it_is(supernet: Supernet, experiment: Experiment, folder: RunFolder) -> None:
    config = experiment.recipe.train
    belongs_to = identity(supernet, experiment.dataset.train, config)
    if not current_group().first:
        return
    if folder.supernet_file.is_file():
        load_trained(supernet, folder.supernet_file, belongs_to)
    else:
        ended = {"step": "0", "steps": "0", "loss": "nan"}
        save_weights(folder.supernet_file, supernet.state_dict(), ended | belongs_to)


@dataclass(frozen=True)
class TrainedSupernet:
    """A run's supernet as a judge of architectures, and the hash of its weights."""

    supernet: Supernet
    judge: Judge
    digest: str


def load_supernet(experiment: Experiment, folder: RunFolder) -> TrainedSupernet:
    """The trained supernet of a run.

    Raises:
        RunError: it was not trained, or not to the end.
    """
    config = experiment.recipe.train
    supernet = untrained_supernet(experiment)
    read_trained(supernet, experiment, folder, SUPERNET)
    weights = digest(supernet.state_dict())
    judge = Judge(
        SupernetAccuracy(supernet, experiment.dataset, device=choose_device(config.device)),
        Origin(SUPERNET, judged_on=len(experiment.dataset.validation)),
        {"supernet": weights, "images": experiment.dataset.fingerprint},
    )
    return TrainedSupernet(supernet, judge, weights)


def read_trained(
    module: Trainable, experiment: Experiment, folder: RunFolder, estimator: str
) -> None:
    """Loads what was trained for an estimator of a run into a module.

    Raises:
        RunError: it was not trained, or not to the end.
    """
    folder.check_trained(estimator)
    belongs_to = identity(module, experiment.dataset.train, experiment.recipe.train)
    # The settings are the run folder's business; a later version may know more of them.
    del belongs_to["settings"]
    load_trained(module, folder.weights_file(estimator), belongs_to)


def start_of_winners(experiment: Experiment, folder: RunFolder) -> TrainedSupernet | None:
    """What an export fine-tunes; None where it trains from scratch.

    That is where the config says so, where the estimator trains something that is no supernet, and
    where the choice is left open and there is no supernet, since scores come from elsewhere.

    Raises:
        ConfigError: no epochs are left to train from scratch.
        RunError: the supernet was not trained, or not to the end.
    """
    config = experiment.config
    own_weights = ESTIMATORS[config.accuracy.source].training is not None
    elsewhere = config.accuracy.source != SUPERNET and not folder.supernet_file.is_file()
    unneeded = elsewhere and config.export.weights_from == "auto"
    if config.export.weights_from == "scratch" or own_weights or unneeded:
        scratch_config(experiment.recipe)  # refused before anything is read or measured
        return None
    if not folder.supernet_file.is_file():
        raise RunError(
            f"{folder.path} has no trained supernet; run 'hwnas train' with the same config first, "
            f"or train the winner from scratch: hwnas export {folder.path} --from-scratch"
        )
    return load_supernet(experiment, folder)


def fine_tune(
    trained: TrainedSupernet,
    architecture: Architectures,
    experiment: Experiment,
    folder: RunFolder,
    progress: Progress | None = None,
) -> NetworkModule:
    """The network of an architecture (L,), trained further from the supernet's weights.

    Raises:
        RunError: see `hwnas.supernet.train`.
    """
    module = trained.supernet.extract(architecture)
    config = experiment.recipe.fine_tune
    _train_alone(module, experiment, config, folder, trained.digest, progress)
    return module


def train_from_scratch(
    network: Network, experiment: Experiment, folder: RunFolder, progress: Progress | None = None
) -> NetworkModule:
    """A network trained on as many images as supernet and fine-tuning together.

    Its batch norms have the epsilon of the space's reference, whether it is that or a winner: with
    few images the networks of V3 become some points better with 1e-3 than with 1e-5
    (`benchmarks.few_images`), and both are to be trained alike.

    Args:
        network: its blocks.
        experiment: the images, and how to train on them.
        folder: where finished weights are kept.
        progress: told after every step.

    Raises:
        RunError: see `hwnas.supernet.train`.
    """
    config = scratch_config(experiment.recipe)
    reference = experiment.published
    epsilon = EPSILON if reference is None else reference.epsilon
    module = NetworkModule(network, seed=config.seed, epsilon=epsilon)
    _train_alone(module, experiment, config, folder, "scratch", progress)
    return module


def scratch_config(recipe: Recipe) -> TrainConfig:
    """That of the supernet, for the epochs of supernet and fine-tuning together.

    Raises:
        ConfigError: those are none.
    """
    epochs = recipe.train.epochs + recipe.fine_tune.epochs
    if not epochs:
        raise ConfigError(
            "train.epochs and fine_tune.epochs are both 0, so that nothing would be trained from "
            "scratch; give one of them epochs"
        )
    # A supernet is never compiled; a single network is where the config has its like compiled.
    return recipe.train.model_copy(update={"epochs": epochs, "compile": recipe.fine_tune.compile})


def _train_alone(
    module: NetworkModule,
    experiment: Experiment,
    config: TrainConfig,
    folder: RunFolder,
    start: str,
    progress: Progress | None,
) -> None:
    """Trains one network; finished weights are kept by what they depend on, and read again."""
    parts = [start + epsilon_text(module.epsilon), config.settings]
    parts += map(block_key, module.blocks)
    name = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    checkpoint = folder.export_folder("trained") / f"{name}.safetensors"
    train_network(module, experiment.dataset.train, config, checkpoint, progress)


def train_network(
    module: NetworkModule,
    images: Split,
    config: TrainConfig,
    checkpoint: Path,
    progress: Progress | None,
) -> None:
    """Trains a network, and gives it the batch norm statistics that it is used with.

    Raises:
        RunError: see `hwnas.supernet.train`.
    """
    if config.epochs:
        train(module, images, config, checkpoint=checkpoint, progress=progress)
    with placed(module, choose_device(config.device)):
        recalibrate(module, images.images)
