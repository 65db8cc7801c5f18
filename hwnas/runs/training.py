"""The trainings of single networks of a run, from scratch or from the weights of its supernet."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from hwnas.core.digests import digest
from hwnas.core.errors import ConfigError, RunError
from hwnas.estimators import SUPERNET, find_estimator
from hwnas.estimators.registry import SUPERNET_FILE
from hwnas.estimators.supernet.start import start_supernet
from hwnas.estimators.supernet.training import load_supernet as read_supernet
from hwnas.networks.blocks import Network, block_key
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.networks.modules import NetworkModule
from hwnas.runs.config import Recipe
from hwnas.runs.estimating import estimator_inputs
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.spaces import Architectures
from hwnas.supernet.pretrained import Pretrained
from hwnas.supernet.supernet import Supernet
from hwnas.training.checkpoint import weights_digest
from hwnas.training.distillation import Taught
from hwnas.training.rules import Rule
from hwnas.training.single import SingleTraining
from hwnas.training.train_config import TrainConfig


@dataclass(frozen=True)
class TrainedSupernet:
    """A run's supernet, and the hash of its weights.

    `at_its_start` says that it still computes what the pretrained network computes.
    """

    supernet: Supernet
    digest: str
    at_its_start: bool = False


def load_supernet(experiment: Experiment, folder: RunFolder) -> TrainedSupernet:
    """The trained supernet of a run.

    Raises:
        RunError: it was not trained, or not to the end.
    """
    folder.check_trained(SUPERNET)
    supernet = read_supernet(estimator_inputs(experiment, folder, SUPERNET))
    return TrainedSupernet(supernet, weights_digest(supernet.state_dict()))


def start_of_winners(experiment: Experiment, folder: RunFolder) -> TrainedSupernet | None:
    """What an export fine-tunes; None where it trains from scratch.

    That is where the config says so, where the estimator trains something that is not a supernet,
    and where the choice is left open and there is no supernet, since scores come from elsewhere.
    With a pretrained network and no supernet, it is what a supernet around that starts from.

    Raises:
        ConfigError: no epochs are left to train from scratch.
        RunError: the supernet was not trained, or not to the end.
    """
    config = experiment.config
    name = config.accuracy.estimator
    weights = find_estimator(name).weights
    own_weights = weights not in (None, SUPERNET_FILE)
    elsewhere = weights is None and not folder.supernet_file.is_file()
    unneeded = elsewhere and config.export.weights_from == "auto"
    if unneeded and config.pretrained is not None:
        inputs = estimator_inputs(experiment, folder, SUPERNET)
        # `from_supernet` is for the training of a supernet, which there was none of.
        supernet = start_supernet(replace(inputs, trained_before=None)).supernet
        return TrainedSupernet(supernet, weights_digest(supernet.state_dict()), at_its_start=True)
    if config.export.weights_from == "scratch" or own_weights or unneeded:
        scratch_config(experiment.recipe)  # refused before anything is read or measured
        return None
    if not folder.supernet_file.is_file():
        raise RunError(
            f"{folder.path} has no trained supernet; run 'hwnas train' with the same config first, "
            f"or train the winner from scratch: hwnas export {folder.path} --from-scratch"
        )
    return load_supernet(experiment, folder)


def fine_tuning(
    trained: TrainedSupernet,
    architecture: Architectures,
    experiment: Experiment,
    folder: RunFolder,
    teacher: NetworkModule | None = None,
) -> SingleTraining:
    """How the network of an architecture (L,) is trained further from the supernet's weights.

    Args:
        trained: the supernet.
        architecture: (L,) of its space.
        experiment: how networks are trained.
        folder: where finished weights are kept.
        teacher: a trained network that it learns from, too, see `hwnas.training.distillation`.
    """
    network = trained.supernet.space.network(architecture)
    recipe = experiment.recipe_of(network)
    config = whole_config(recipe) if trained.at_its_start else recipe.fine_tune
    rule = None if teacher is None else Taught(teacher)
    start = partial(trained.supernet.extract, architecture)
    began = trained.digest + trained.supernet.conventions.text
    return SingleTraining(network, start, config, _kept(folder, began, network, config, rule), rule)


def pretrained_tuning(
    pretrained: Pretrained, experiment: Experiment, folder: RunFolder
) -> SingleTraining:
    """How the pretrained network is trained as supernet and winner together: what one would try.

    On the same images, by the settings of the supernet, for the epochs of both.
    """
    space, config = experiment.space, whole_config(experiment.recipe)
    network = pretrained.network(space.largest_resolution, space.classes)
    start = partial(pretrained.module, space.largest_resolution, space.classes, config.seed)
    began = pretrained.digest + pretrained.conventions.text
    return SingleTraining(network, start, config, _kept(folder, began, network, config))


def training_from_scratch(
    network: Network, experiment: Experiment, folder: RunFolder
) -> SingleTraining:
    """How a network is trained on as many images as supernet and fine-tuning together.

    Its batch norms have the epsilon of the space's reference, whether it is that or a winner: with
    few images the networks of V3 become some points better with 1e-3 than with 1e-5
    (`benchmarks.few_images`), and both are to be trained alike.

    Args:
        network: its blocks.
        experiment: how networks are trained.
        folder: where finished weights are kept.

    Raises:
        ConfigError: there are no epochs.
    """
    config = scratch_config(experiment.recipe_of(network))
    conventions = conventions_from_scratch(experiment)
    start = partial(NetworkModule, network, config.seed, conventions)
    kept = _kept(folder, "scratch" + conventions.text, network, config)
    return SingleTraining(network, start, config, kept)


def conventions_from_scratch(experiment: Experiment) -> Conventions:
    """What networks with random weights do with images and batch norms."""
    reference = experiment.published
    epsilon = USUAL.epsilon if reference is None else reference.conventions.epsilon
    return replace(USUAL, epsilon=epsilon)


def scratch_config(recipe: Recipe) -> TrainConfig:
    """The same as `whole_config` for random weights: all at one rate, none frozen, some epochs.

    Raises:
        ConfigError: there are none.
    """
    # What spares weights that are trained already would only keep random ones from learning.
    spared = {"body_rate": 1.0, "frozen_epochs": 0}
    config = whole_config(recipe).model_copy(update=spared)
    if not config.epochs:
        raise ConfigError(
            "train.epochs and fine_tune.epochs are both 0, so that nothing would be trained from "
            "scratch; give one of them epochs"
        )
    return config


def whole_config(recipe: Recipe) -> TrainConfig:
    """That of the supernet, for the epochs of supernet and fine-tuning together."""
    epochs = recipe.train.epochs + recipe.fine_tune.epochs
    # A supernet is never compiled; a single network is where the config has its like compiled.
    return recipe.train.model_copy(update={"epochs": epochs, "compile": recipe.fine_tune.compile})


def _kept(
    folder: RunFolder, start: str, network: Network, config: TrainConfig, rule: Rule | None = None
) -> Path:
    """The file of weights, by what they depend on: they are trained once."""
    parts = [start, config.settings, *map(block_key, network)]
    parts += [] if rule is None else [rule.identity]
    name = digest("\n".join(parts))
    return folder.export_folder("trained") / f"{name}.safetensors"
