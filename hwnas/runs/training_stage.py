"""The training stage: what an estimator of a run needs trained, mostly the supernet."""

from dataclasses import dataclass
from pathlib import Path

from hwnas.core.errors import ConfigError
from hwnas.core.listener import Listener
from hwnas.data import Balance, balance_of
from hwnas.estimators import ESTIMATORS, SUPERNET, find_estimator
from hwnas.runs.estimating import estimator_inputs, estimator_of
from hwnas.runs.experiment import Experiment
from hwnas.runs.folder import RunFolder
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

    def __repr__(self) -> str:
        return f"Trained({self.estimator!r}, weights={str(self.weights)!r})"


def trained_estimator(experiment: Experiment, named: str | None = None) -> str:
    """The estimator to train for: the one named, that of the config, or else the supernet.

    Raises:
        ConfigError: nothing is trained for the one named, or it cannot score the run's space.
    """
    if named is not None and find_estimator(named).weights is None:
        trained = [name for name in ESTIMATORS.names() if find_estimator(name).weights is not None]
        raise ConfigError(
            f"--estimator {named}: nothing is trained for it; name one of {', '.join(trained)}"
        )
    by_config = experiment.config.accuracy.estimator
    chosen = named or (SUPERNET if find_estimator(by_config).weights is None else by_config)
    estimator_of(experiment.config, chosen).check_space(experiment.space)
    return chosen


def train_stage(
    experiment: Experiment, folder: RunFolder, estimator: str, listener: Listener
) -> Trained:
    """Trains what an estimator needs, or continues; what is trained already is just read.

    Raises:
        ConfigError: what it starts from cannot be used.
        RunError: see `hwnas.training.trainer.train`.
    """
    inputs = estimator_inputs(experiment, folder, estimator)
    report = estimator_of(experiment.config, estimator).train(inputs, listener)
    return Trained(estimator, inputs.weights_file, report, balance_of(experiment.dataset))
