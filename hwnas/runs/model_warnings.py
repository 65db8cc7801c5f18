"""Warnings of latency and energy models whose predictions cannot be relied on."""

from hwnas.core.listener import Listener
from hwnas.latency.family import AnyLatency, AnyModel
from hwnas.runs.experiment import Experiment


def warn_of_model(listener: Listener, model: AnyModel, of: str = "") -> None:
    """Says when a model's predictions cannot be relied on; `of` names one of several models.

    The models of a family are named by their members.
    """
    for member, one in model.members.items():
        if one.warning:
            listener.warn(": ".join(filter(None, (of, member, one.warning))))


def warn_of_models(listener: Listener, experiment: Experiment, latency: AnyLatency) -> None:
    """The same of every model that an experiment's budgets are on.

    Raises:
        ConfigError, TableError: a model cannot be read.
    """
    warn_of_model(listener, latency)
    for name, model in experiment.further_latencies.items():
        warn_of_model(listener, model, name)
    if experiment.energy is not None:
        warn_of_model(listener, experiment.energy)
