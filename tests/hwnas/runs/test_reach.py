from pathlib import Path

import pytest

from hwnas.core.errors import BudgetError
from hwnas.devices.device import load_device
from hwnas.runs.config import RunConfig
from hwnas.runs.reach import (
    Reach,
    check_cost_budgets,
    check_latency_budget,
    measure_reach,
    needs_measuring,
)
from hwnas.spaces import load_space
from hwnas.spaces.references.of_space import reference_of
from tests.hwnas.cli.conftest import SPACE

REACH = Reach("tiny", "phone", least_ms=1.0, greatest_ms=4.0, reference_ms=2.0)


def config_of(**budgets: str) -> RunConfig:
    content = {"space": "x", "accuracy": {"estimator": "synflow"}, "search": {"budgets": budgets}}
    return RunConfig.model_validate(content)


@pytest.mark.parametrize("budget", ["0.5 ms", "30 % of reference"])
def test_a_latency_budget_far_out_of_reach_is_refused_with_the_range(budget: str) -> None:
    with pytest.raises(BudgetError, match="take about 1 to 4 ms on phone"):
        check_latency_budget(config_of(latency=budget), REACH)


@pytest.mark.parametrize("budget", ["0.9 ms", "50 % of reference", "10 ms"])
def test_a_budget_that_may_be_kept_is_left_to_the_latency_model(budget: str) -> None:
    check_latency_budget(config_of(latency=budget), REACH)


def test_a_budget_on_macs_is_refused_without_any_measurement(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(SPACE)
    space = load_space(str(tmp_path / "space.yaml"))
    with pytest.raises(BudgetError, match="the macs budget of 10 MACs is out of reach"):
        check_cost_budgets(config_of(macs="10"), space)
    check_cost_budgets(config_of(macs="10 M"), space)


def test_the_range_is_measured_where_no_table_knows_it(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(SPACE)
    space, device = load_space(str(tmp_path / "space.yaml")), load_device("local_cpu")
    assert needs_measuring(config_of(latency="1 ms"), space, device, tmp_path / "none.sqlite")
    assert not needs_measuring(config_of(macs="1 M"), space, device, tmp_path / "none.sqlite")
    reach = measure_reach(space, device, reference=reference_of(space))
    assert 0 < reach.least_ms < reach.greatest_ms
    assert reach.reference_ms is not None
