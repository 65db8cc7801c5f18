"""The estimator of a run: what its config, or `hwnas rank`, names, and what that is given."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.core.errors import ConfigError
from hwnas.estimators import find_estimator
from hwnas.estimators.candidates.settings import CANDIDATE_EPOCHS
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import Scores
from hwnas.runs.config import RunConfig
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder

if TYPE_CHECKING:
    from hwnas.networks.modules import NetworkModule


def estimator_of(config: RunConfig, name: str | None = None) -> Estimator:
    """The estimator of a name, of the parts that a config names where it is that of the config.

    Args:
        config: of the run.
        name: None for that of the config.
    """
    if name in (None, config.accuracy.estimator):
        return config.accuracy.scorer
    return find_estimator(name)


def estimator_inputs(
    experiment: Experiment, folder: RunFolder, name: str | None = None, seed: int | None = None
) -> EstimatorInputs:
    """What a run gives an estimator; nothing is read yet.

    Args:
        experiment: of the run.
        folder: of the run; holds what was trained.
        name: of the estimator; None for that of the config.
        seed: of scores that have one; None for the config's `accuracy.seed`.
    """
    config, find = experiment.config, experiment.sources.find
    accuracy = config.accuracy
    estimator = estimator_of(config, name)
    file, teacher, published, before = (
        None if text is None else Path(find(text))
        for text in (accuracy.file, accuracy.teacher, config.from_ofa, config.from_supernet)
    )
    sees_latency = accuracy.latency and estimator.takes_latency
    training = config.train
    if estimator.trains_candidates and training is not None:
        training = training.model_copy(update={"epochs": accuracy.epochs or CANDIDATE_EPOCHS})
    return EstimatorInputs(
        experiment.space,
        seed=accuracy.seed if seed is None else seed,
        file=file,
        images=None if config.data is None else lambda: experiment.dataset,
        images_at=None if config.data is None else experiment.dataset_at,
        weights=None if estimator.weights is None else folder.path / estimator.weights,
        training=training,
        published=published,
        pretrained=experiment.pretrained,
        trained_before=before,
        candidates=folder.candidates_folder,
        stop=accuracy.stop,
        teacher=None if teacher is None else partial(_teacher, teacher),
        latency=experiment.stored_latency_model if sees_latency else None,
        problem=experiment.problem_within,
        log=folder.log_folder,
    )


def _teacher(folder: Path) -> "NetworkModule":
    from hwnas.training.exported import read_network  # PyTorch, which many estimators do without

    return read_network(folder)


def make_scores(
    experiment: Experiment, folder: RunFolder, name: str | None = None, seed: int | None = None
) -> Scores:
    """The scores of an estimator, made ready for a run.

    Args:
        experiment: of the run.
        folder: holds what was trained, where the estimator needs that; else it is not looked at.
        name: of the estimator; None for that of the config.
        seed: see `estimator_inputs`.

    Raises:
        AccuracyError: the CSV of the config cannot be used.
        ConfigError: the config names no images or no CSV where one is needed.
        DataError: images that cannot be used.
        RunError: something has to be trained before.
    """
    name = name or experiment.config.accuracy.estimator
    check_needs(experiment, folder, name)
    inputs = estimator_inputs(experiment, folder, name, seed)
    return estimator_of(experiment.config, name).scores(inputs)


def check_needs(experiment: Experiment, folder: RunFolder, name: str) -> None:
    """Refuses an estimator that lacks what it needs; reads nothing.

    Raises:
        ConfigError: the config names no images or no CSV where one is needed.
        RunError: something has to be trained before.
    """
    config = experiment.config
    estimator = estimator_of(config, name)
    if estimator.needs_file and config.accuracy.file is None:
        raise ConfigError(f"{name} reads a CSV and the config names none: set accuracy.file")
    if estimator.needs_images and config.data is None:
        raise ConfigError(
            f"{name} looks at images and the config names none: set data.source, and use a new "
            "run folder"
        )
    folder.check_trained(name)


def scores_without_weights(experiment: Experiment, folder: RunFolder) -> Scores | None:
    """The scores of a config that needs nothing trained, before its run folder is there.

    A wrong file or wrong images are then refused before anything is written.

    Returns:
        None where something has to be trained first.

    Raises:
        AccuracyError, ConfigError, DataError: see `make_scores`.
    """
    if find_estimator(experiment.config.accuracy.estimator).weights is not None:
        return None
    return make_scores(experiment, folder)
