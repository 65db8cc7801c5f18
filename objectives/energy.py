"""Energy on a device, from an energy model: additive, hence searched exactly."""

from hwnas.latency.energy_model import EnergyModel
from hwnas.objectives.objective import AdditiveObjective


def energy_objective(model: EnergyModel) -> AdditiveObjective:
    """The predicted energy in mJ of an inference of networks whose blocks were measured."""
    return AdditiveObjective("energy", "mJ", model.block_value, model.correction.overhead)
