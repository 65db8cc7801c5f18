"""The training stage: what an estimator of a run needs trained, mostly the supernet."""

from dataclasses import dataclass
from pathlib import Path

from hwnas.core.errors import ConfigError
from hwnas.core.listener import Listener
from hwnas.data import Balance, balance_of
from hwnas.estimators import ESTIMATORS, SUPERNET, training_function
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
from hwnas.runs.plan import plan, too_short
from hwnas.runs.training import train_supernet, with_loss
from hwnas.training.trainer import TrainReport


@dataclass(frozen=True)
class Trained:
    """What was trained.

    Attributes:
        estimator: for which.
        weights: the file.
        report: how long it took; None where published weights are taken as they are.
        balance: how many images the classes have.
        first: whether this process is the one that writes and speaks, of those of `torchrun`.
    """

    estimator: str
    weights: Path
    report: TrainReport | None
    balance: Balance
    first: bool = True


def trained_estimator(experiment: Experiment, named: str | None = None) -> str:
    """The estimator to train for: the one named, that of the config, or else the supernet.

    Raises:
        ConfigError: nothing is trained for the one named.
    """
    trained = [name for name, one in ESTIMATORS.items() if one.weights is not None]
    if named is not None and named not in trained:
        raise ConfigError(
            f"--estimator {named}: nothing is trained for it; name one of {', '.join(trained)}"
        )
    source = experiment.config.accuracy.source
    return named or (source if source in trained else SUPERNET)


def train_stage(
    experiment: Experiment, folder: RunFolder, estimator: str, listener: Listener
) -> Trained:
    """Trains what an estimator needs, or continues; what is trained already is just read.

    Raises:
        ConfigError: what it starts from cannot be used.
        RunError: see `hwnas.training.trainer.train`.
    """
    report = _trained(experiment, folder, estimator, listener)
    weights = folder.weights_file(estimator)
    return Trained(estimator, weights, report, balance_of(experiment.dataset))


def _trained(
    experiment: Experiment, folder: RunFolder, estimator: str, listener: Listener
) -> TrainReport | None:
    training = training_function(estimator)
    if training is not None:
        report: TrainReport = training(experiment, folder, listener.progress)
        return report
    if not experiment.config.recipe.train.epochs:
        return train_supernet(experiment, folder)
    if not folder.supernet_file.is_file():
        listener.say(plan(experiment))
        if warning := too_short(experiment):
            listener.warn(warning)
    dataset = experiment.dataset
    title = f"training the supernet on {len(dataset.train):,} images of {dataset.name}"
    with listener.progress(title, "steps") as update:
        return train_supernet(experiment, folder, with_loss(update))
