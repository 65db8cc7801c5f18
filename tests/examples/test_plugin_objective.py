"""The example of objectives of one's own: budgets on them, held to the contracts of objectives."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hwnas.objectives.budgets import Budget
from hwnas.objectives.costs import load_cost
from hwnas.objectives.objective import Objective
from hwnas.search.make_problem import make_problem
from hwnas.spaces import load_space
from hwnas.testing.objectives import BlockCostContract, CostContract, ObjectiveContract
from tests.examples.plugins import install
from tests.hwnas.cli.conftest import Terminal

CONFIG = """
space: tiny_space.yaml
accuracy: {estimator: params}
device: npu.yaml
table: table.sqlite
search:
  budgets: {latency: 1 s, traffic: 30 KB, operators: 5}
  searchers: [evolution, layernas]
  evaluations: 30
"""


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return install("objective", tmp_path / "site", monkeypatch)


def test_budgets_of_a_config_are_on_them(npu: Path, terminal: Terminal) -> None:
    space = load_space("tiny_space.yaml")
    (npu / "known.yaml").write_text(CONFIG)
    answer = terminal("search", "known.yaml", "--json")
    assert answer.code == 0, answer.stderr
    assert "budget: traffic ≤ 30,000 bytes" in answer.stderr
    assert "budget: operators ≤ 5 operators" in answer.stderr
    assert answer.document["budgets"]["operators"] == {"bound": 5.0, "unit": "operators"}
    networks = [space.network(point["architecture"]) for point in answer.document["front"]]
    assert len(networks) > 1
    for name, bound in (("traffic", 30e3), ("operators", 5)):
        assert (load_cost(name).evaluate(networks) <= bound).all()


def test_an_exact_search_refuses_the_one_that_is_no_sum(npu: Path, terminal: Terminal) -> None:
    (npu / "known.yaml").write_text(CONFIG.replace("[evolution, layernas]", "[exact_front]"))
    answer = terminal("search", "known.yaml")
    assert answer.code == 2
    assert "cannot keep a budget on operators, which is not put together" in answer.stderr
    assert "'evolution'" in answer.stderr


def test_an_exact_search_keeps_a_budget_on_the_sum(npu: Path, terminal: Terminal) -> None:
    given = CONFIG.replace("[evolution, layernas]", "[exact_front]")
    (npu / "known.yaml").write_text(given.replace(", operators: 5", ""))
    answer = terminal("search", "known.yaml", "--json")
    assert answer.code == 0, answer.stderr
    assert answer.document["how"]["exact_front"].startswith("exact: ")


def test_a_budget_out_of_reach_is_refused_with_the_range(npu: Path, terminal: Terminal) -> None:
    (npu / "known.yaml").write_text(CONFIG.replace("30 KB", "30 B"))
    answer = terminal("search", "known.yaml")
    assert answer.code == 2
    assert "the traffic budget of 30 bytes is out of reach: networks of tiny" in answer.stderr


def test_their_units_are_read() -> None:
    assert Budget.of("traffic", "3 MB").bound(None) == 3e6
    space = load_space("nas_bench_macro")
    problem = make_problem(space, load_cost("traffic"), {"operators": 5, "traffic": "3 MB"})
    assert [limit.name for limit in problem.limits] == ["traffic"]
    assert [limit.name for limit in problem.tested] == ["operators"]


class TestTraffic(ObjectiveContract, CostContract, BlockCostContract):
    @pytest.fixture
    def make_objective(self) -> Callable[[], Objective]:
        return lambda: load_cost("traffic")


class TestOperators(ObjectiveContract, CostContract):
    @pytest.fixture
    def make_objective(self) -> Callable[[], Objective]:
        return lambda: load_cost("operators")
