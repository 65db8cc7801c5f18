"""hwnas.Problem: budgets as they are written, and what is known of every network."""

import pytest

import hwnas
from hwnas.objectives.objective import AdditiveObjective
from tests.hwnas.api.networks import latency_of

SPACE = hwnas.load_space("mobilenet_v3_small", resolution=32, classes=10)


def test_a_share_of_the_reference_becomes_a_bound() -> None:
    problem = hwnas.Problem(SPACE, latency_of(SPACE), budgets={"latency": "75 % of reference"})
    reference = float(problem.costs([problem.reference])["latency"][0])
    assert problem.bounds == {"latency": pytest.approx(0.75 * reference)}
    assert problem.cost_name == "latency"


def test_budgets_on_further_devices_go_by_the_name_that_is_given() -> None:
    slow = latency_of(SPACE, 3.0)
    problem = hwnas.Problem(
        SPACE, latency_of(SPACE), budgets={"latency@pi": "50 ms"}, further={"pi": slow}
    )
    network = SPACE.networks(SPACE.canonical([[1] * len(SPACE.slots)]))[0]
    costs = problem.costs([network])
    assert costs["latency@pi"][0] == pytest.approx(3 * costs["latency"][0])
    assert problem.bounds == {"latency@pi": 50.0}


def test_without_a_device_the_front_is_against_macs() -> None:
    problem = hwnas.Problem(SPACE, budgets={"params": "1.5 M"})
    assert problem.cost_name == "macs"
    assert set(problem.units) == {"macs", "params"}


def test_an_objective_of_ones_own_can_be_a_budget_and_the_front_s_cost() -> None:
    blocks = AdditiveObjective("blocks", "blocks", lambda block: float(block.kind != "skip"))
    problem = hwnas.Problem(SPACE, budgets={"blocks": 10}, objectives=[blocks], cost="blocks")
    assert problem.bounds == {"blocks": 10.0}
    assert problem.cost_name == "blocks"


def test_a_problem_shows_its_budgets() -> None:
    problem = hwnas.Problem(SPACE, budgets={"macs": "2 M"})
    assert "macs ≤ 2,000,000 MACs" in repr(problem)
    assert SPACE.name in repr(problem)


def test_a_plain_number_is_in_the_objective_s_own_unit() -> None:
    problem = hwnas.Problem(SPACE, latency_of(SPACE), budgets={"latency": 2.5, "macs": 2_000_000})
    assert problem.bounds == {"latency": 2.5, "macs": 2e6}


def test_a_latency_is_written_in_any_unit_of_time() -> None:
    model = latency_of(SPACE)
    problem = hwnas.Problem(
        SPACE, model, budgets={"latency": "2500 us", "latency@pi": "0.005 s"}, further={"pi": model}
    )
    assert problem.bounds == {"latency": 2.5, "latency@pi": 5.0}


@pytest.mark.parametrize(
    ("budgets", "sentence"),
    [
        ({"latency": "2 ms"}, "give it as the second argument of Problem"),
        ({"latency@pi": "2 ms"}, r"give it as further=\{'pi': model\}"),
        ({"macs": "1 K"}, "out of reach"),
        ({"macs": "2 ms"}, "takes a plain number, K, M, G"),
        ({"mac": "2 M"}, "did you mean 'macs'"),
        ({"mac": 2e6}, "did you mean 'macs'"),
        ({"macs": -1}, "no positive number"),
    ],
)
def test_a_budget_that_cannot_be_is_one_sentence(budgets: dict[str, str], sentence: str) -> None:
    with pytest.raises(hwnas.HwnasError, match=sentence):
        hwnas.Problem(SPACE, budgets=budgets)
