"""Warnings of latency and energy models whose predictions cannot be relied on."""

from hwnas.core.listener import Listener
from hwnas.latency.model import BlockModel, LatencyModel
from hwnas.runs.experiment import Experiment


def warn_of_model(listener: Listener, model: BlockModel, of: str = "") -> None:
    """Says when a model's predictions cannot be relied on; `of` names one of several models."""
    if model.warning:
        listener.warn(f"{of}: {model.warning}" if of else model.warning)


def warn_of_models(listener: Listener, experiment: Experiment, latency: LatencyModel) -> None:
    """The same of every model that an experiment's budgets are on.

    Raises:
        ConfigError, TableError: a model cannot be read.
    """
    warn_of_model(listener, latency)
    for name, model in experiment.further_latencies.items():
        warn_of_model(listener, model, name)
    if experiment.energy is not None:
        warn_of_model(listener, experiment.energy)
