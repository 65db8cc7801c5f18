"""The judge of a run: what its config, or `hwnas rank`, names as the estimator."""

from pathlib import Path

from hwnas.core.errors import ConfigError
from hwnas.estimators import ESTIMATORS, file_judge, judge_function
from hwnas.estimators.source import Judge
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder


def make_judge(
    experiment: Experiment, folder: RunFolder, source: str | None = None, seed: int | None = None
) -> Judge:
    """An estimator made ready for a run.

    Args:
        experiment: of the run.
        folder: holds what was trained, where the estimator needs that; else it is not looked at.
        source: a key of `ESTIMATORS`; None for the config's `accuracy.source`.
        seed: of scores that have one; None for the config's `accuracy.seed`.

    Raises:
        AccuracyError: the CSV of the config cannot be used.
        ConfigError: the config names no images or no CSV where one is needed.
        DataError: images that cannot be used.
        RunError: something has to be trained before.
    """
    accuracy = experiment.config.accuracy
    source = source or accuracy.source
    check_judge(experiment, folder, source)
    if ESTIMATORS[source].file:
        file = Path(experiment.sources.find(str(accuracy.file)))
        return file_judge(source, experiment.space, file)
    make = judge_function(source)
    judge: Judge = make(experiment, folder, accuracy.seed if seed is None else seed)
    return judge


def check_judge(experiment: Experiment, folder: RunFolder, source: str) -> None:
    """Refuses an estimator that lacks what it needs; reads nothing.

    Raises:
        ConfigError: the config names no images or no CSV where one is needed.
        RunError: something has to be trained before.
    """
    estimator, config = ESTIMATORS[source], experiment.config
    if estimator.file and config.accuracy.file is None:
        raise ConfigError(f"{source} reads a CSV and the config names none: set accuracy.file")
    if estimator.images and config.data is None:
        raise ConfigError(
            f"{source} looks at images and the config names none: set data.source, and use a new "
            "run folder"
        )
    folder.check_trained(source)


def judge_without_weights(experiment: Experiment, folder: RunFolder) -> Judge | None:
    """The judge of a config that needs nothing trained, before its run folder is there.

    What is wrong with a file or with images is then said before anything is written.

    Returns:
        None where something has to be trained first.

    Raises:
        AccuracyError, ConfigError, DataError: see `make_judge`.
    """
    if ESTIMATORS[experiment.config.accuracy.source].weights is not None:
        return None
    return make_judge(experiment, folder)
