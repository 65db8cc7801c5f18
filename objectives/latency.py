"""Latency on a device, from a latency model: additive, hence searched exactly."""

from hwnas.latency.model import LatencyModel
from hwnas.objectives.objective import AdditiveObjective


def latency_objective(model: LatencyModel, name: str = "latency") -> AdditiveObjective:
    """The predicted latency in ms of networks whose blocks were measured."""
    return AdditiveObjective(name, "ms", model.block_value, model.correction.overhead)
