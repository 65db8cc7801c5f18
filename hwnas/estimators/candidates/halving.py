"""Successive halving, by Optuna's pruner (Li et al. 2020, ASHA, arXiv 1810.05934)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from importlib.util import find_spec
from typing import TYPE_CHECKING

from hwnas.core.errors import ConfigError

if TYPE_CHECKING:
    import optuna


def check_optuna() -> None:
    """Refuses to halve where Optuna is not installed.

    Raises:
        ConfigError: it is not.
    """
    if find_spec("optuna") is None:
        raise ConfigError(
            'accuracy.stop: rule: halving needs the package optuna; run "pip install '
            "'hwnas[early-stopping]'\", or write rule: curve"
        )


class Halving:
    """Says whether a training is among the best that began like it.

    Its study is in memory, made of the trainings that are known; asking it changes nothing.
    """

    def __init__(self, curves: Sequence[Sequence[float]], first: int, reduction: int) -> None:
        """Takes the trainings that are known.

        Args:
            curves: validation accuracies after each epoch, of whole trainings and stopped ones, in
                their order.
            first: after so many epochs some are stopped for the first time, then after
                `reduction` times as many, and so on.
            reduction: of so many trainings one goes on.
        """
        import optuna

        with _silent():
            self._study = optuna.create_study(
                direction="maximize",
                sampler=optuna.samplers.RandomSampler(seed=0),  # nothing is sampled
                pruner=optuna.pruners.SuccessiveHalvingPruner(
                    min_resource=first, reduction_factor=reduction
                ),
            )
            for curve in curves:
                _replay(self._study, curve)

    def stops(self, curve: Sequence[float]) -> bool:
        """Whether a training that begins like this is to end now."""
        with _silent():
            return _replay(deepcopy(self._study), curve)


def _replay(study: "optuna.Study", curve: Sequence[float]) -> bool:
    """Adds a training to a study; whether it is to be stopped after its last accuracy."""
    trial, stopped = study.ask(), False
    for epoch, value in enumerate(curve, start=1):
        trial.report(value, epoch)
        stopped = trial.should_prune()
    study.tell(trial, curve[-1])
    return stopped


@contextmanager
def _silent() -> Iterator[None]:
    """Has Optuna log nothing of it."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
