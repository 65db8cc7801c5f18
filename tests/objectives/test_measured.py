"""What a model of a device predicts, as an objective and in budgets."""

import pytest

from hwnas.latency.correction import Correction
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.model import BlockModel, LatencyModel
from hwnas.latency.quantity import QUANTITIES
from hwnas.networks.blocks import ConvBlock, block_key
from hwnas.objectives.budgets import Budget, unit_of
from hwnas.objectives.measured import measured_objective

BLOCK = ConvBlock(3, 8, 3, 2, "relu", 16)


@pytest.mark.parametrize("form", [LatencyModel, EnergyModel])
def test_a_model_is_an_objective_in_the_unit_of_its_quantity(form: type[BlockModel]) -> None:
    objective = measured_objective(form({block_key(BLOCK): 2.0}, Correction("x", 0.5)))
    assert (objective.name, objective.unit) == (form.quantity.name, form.quantity.unit)
    assert objective.evaluate([(BLOCK,)]).tolist() == [2.5]


def test_a_further_device_has_an_objective_of_its_own_name() -> None:
    model = LatencyModel({}, Correction())
    assert measured_objective(model, "latency@phone").name == "latency@phone"


@pytest.mark.parametrize("name", QUANTITIES)
def test_a_budget_on_a_measured_quantity_is_read_in_its_units(name: str) -> None:
    quantity = QUANTITIES[name]
    assert unit_of(name) == quantity.unit
    for unit, factor in quantity.factors.items():
        assert Budget.of(name, f"3 {unit}").amount == 3 * factor
    assert Budget.of(name, quantity.example).amount > 0
