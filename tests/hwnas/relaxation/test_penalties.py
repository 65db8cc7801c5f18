import math

import pytest
import torch

from hwnas.core.errors import ConfigError
from hwnas.relaxation.parts import make_part
from hwnas.relaxation.penalties import PENALTIES, Hinge, Penalty

TARGETS = torch.tensor([10.0, 2.0], dtype=torch.float64)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("hinge", [0.5, 0.0, 0.0]),
        ("linear", [0.5, 0.0, -0.5]),
        ("log_ratio", [math.log(1.5), 0.0, math.log(2)]),
    ],
)
def test_a_penalty_is_of_the_cost_divided_by_its_budget(name: str, wanted: list[float]) -> None:
    penalty = make_part(PENALTIES, name, Penalty, {"weight": 3.0})
    expected = TARGETS * torch.tensor([[1.5, 1.0], [1.0, 1.0], [0.5, 1.0]])
    found = penalty.term(expected, TARGETS, 0.0)
    assert found.tolist() == pytest.approx([3 * one for one in wanted])


def test_budgets_of_several_devices_add_up() -> None:
    expected = (TARGETS * torch.tensor([1.5, 2.0])).requires_grad_()
    found = Hinge().term(expected, TARGETS, 1.0)
    assert found.item() == pytest.approx(0.5 + 1.0)
    (slopes,) = torch.autograd.grad(found, expected)
    assert slopes.tolist() == pytest.approx([1 / 10, 1 / 2])


def test_the_weight_grows_evenly_while_the_training_warms_up() -> None:
    penalty = Hinge(weight=2.0, warmup=0.5)
    assert [penalty.weight_at(p) for p in (0.0, 0.25, 0.5, 1.0)] == [0.0, 1.0, 2.0, 2.0]
    assert Hinge(weight=2.0).weight_at(0.0) == 2.0


@pytest.mark.parametrize("name", PENALTIES.ours)
def test_a_penalty_is_registered_under_its_own_name(name: str) -> None:
    assert make_part(PENALTIES, name, Penalty).name == name


def test_an_unknown_penalty_or_setting_is_refused() -> None:
    with pytest.raises(ConfigError, match="there is no penalty 'hinges'; did you mean 'hinge'"):
        make_part(PENALTIES, "hinges", Penalty)
    with pytest.raises(ConfigError, match="hinge: unknown key 'wait'"):
        make_part(PENALTIES, "hinge", Penalty, {"wait": 1})
    with pytest.raises(ConfigError, match="'weight' is -1, but"):
        make_part(PENALTIES, "hinge", Penalty, {"weight": -1})
