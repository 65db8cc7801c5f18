"""What a device was measured for, from a model of it: additive, hence searched exactly."""

from hwnas.latency.family import AnyModel, FamilyModel
from hwnas.latency.model import BlockModel
from hwnas.objectives.objective import AdditiveObjective, FamilyObjective


def measured_objective(model: AnyModel, name: str = "") -> AdditiveObjective | FamilyObjective:
    """The predicted latency, or energy, of networks whose blocks were measured.

    Args:
        model: of a latency or an energy table; its unit is the objective's.
        name: as in "latency@phone" for a further device; that of the model's quantity by default.
    """
    if isinstance(model, FamilyModel):
        members = tuple(_of_one(one, name) for one in model.members.values())
        return FamilyObjective(members[0].name, members[0].unit, members, model.predict)
    return _of_one(model, name)


def _of_one(model: BlockModel, name: str) -> AdditiveObjective:
    quantity = model.quantity
    constant = model.correction.overhead
    return AdditiveObjective(name or quantity.name, quantity.unit, model.block_value, constant)
