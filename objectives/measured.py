"""What a device was measured for, from a model of it: additive, hence searched exactly."""

from hwnas.latency.model import BlockModel
from hwnas.objectives.objective import AdditiveObjective


def measured_objective(model: BlockModel, name: str = "") -> AdditiveObjective:
    """The predicted latency, or energy, of networks whose blocks were measured.

    Args:
        model: of a latency or an energy table; its unit is the objective's.
        name: as in "latency@phone" for a further device; that of the model's quantity by default.
    """
    quantity = model.quantity
    constant = model.correction.overhead
    return AdditiveObjective(name or quantity.name, quantity.unit, model.block_value, constant)
