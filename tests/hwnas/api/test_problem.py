"""hwnas.Problem: budgets as they are written, and what is known of every network."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import hwnas
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.family import FamilyModel
from hwnas.networks.blocks import Network
from hwnas.objectives.objective import AdditiveObjective
from hwnas.runs.latencies import scope_of
from hwnas.spaces import SearchSpace, SpaceFamily
from hwnas.spaces.references.of_space import reference_of
from tests.hwnas.api.networks import channels, latency_of

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
        ({"macs": -1}, "must be a positive number and is -1"),
        ({"macs": None}, "must be a number or a text"),
        ({"macs": True}, "must be a number or a text"),
        ({"energy": "2 mJ"}, "give it as energy=model"),
        (["macs"], "budgets must be a dictionary"),
    ],
)
def test_a_budget_that_cannot_be_is_one_sentence(budgets: dict[str, str], sentence: str) -> None:
    with pytest.raises(hwnas.HwnasError, match=sentence):
        hwnas.Problem(SPACE, budgets=budgets)


class Returning:
    """An objective of somebody's own that is not put together from blocks."""

    name, unit, direction = "own", "things", "minimize"

    def __init__(self, value: Callable[[int], Any]) -> None:
        self.value = value

    def evaluate(self, networks: list[Network]) -> Any:
        return self.value(len(networks))


def energy_of(space: SearchSpace) -> EnergyModel:
    model = latency_of(space, 2.0)
    return EnergyModel(model.blocks, model.correction, model.validation)


def test_a_budget_on_energy_takes_the_model_of_it() -> None:
    problem = hwnas.Problem(
        SPACE, latency_of(SPACE), budgets={"energy": "30 mJ"}, energy=energy_of(SPACE)
    )
    assert problem.bounds == {"energy": 30.0}
    assert problem.units["energy"] == "mJ"


def test_a_model_that_was_never_checked_is_a_warning_that_names_its_device() -> None:
    unchecked = replace(latency_of(SPACE), validation=None)
    with pytest.warns(UserWarning, match="^these latencies were never checked"):
        hwnas.Problem(SPACE, unchecked)
    with pytest.warns(UserWarning, match="^latency@pi: these latencies were never checked"):
        hwnas.Problem(SPACE, further={"pi": unchecked})


def test_a_family_of_spaces_is_searched_like_a_space() -> None:
    family = hwnas.load_space("nas_bench_macro", resolution=[16, 24], classes=10)
    problem = hwnas.Problem(family, budgets={"macs": "30 M"})
    assert problem.reference is None  # the space names none
    result = hwnas.run_search(problem, channels, searcher="random", evaluations=10)
    assert {row[0] for row in result.architectures.tolist()} == {0, 1}
    assert all(one.costs["macs"] <= 30e6 for one in result.front)
    for row, one in zip(result.front.to_dicts(), result.front, strict=True):
        assert (row["resolution"], row["width"]) == (one.network[0].resolution, 1.0)
    assert "px" in repr(result.front).splitlines()[1]


def test_a_family_has_the_latencies_of_every_member_and_the_reference_of_the_largest() -> None:
    family = hwnas.load_space("mobilenet_v3_small", resolution=[32, 48], width=[0.75, 1, 1.25])
    assert isinstance(family, SpaceFamily)
    scopes = map(scope_of, family.members)
    models = FamilyModel(dict(zip(scopes, map(latency_of, family.members), strict=True)))
    problem = hwnas.Problem(
        family,
        models,
        budgets={"latency": "80 % of reference", "latency@phone": "9 ms"},
        further={"phone": models},
    )
    like = hwnas.load_space("mobilenet_v3_small", resolution=48)
    assert problem.reference == reference_of(like)
    alone = hwnas.Problem(like, latency_of(like), budgets={"latency": "80 % of reference"})
    assert problem.bounds["latency"] == pytest.approx(alone.bounds["latency"])
    found = hwnas.run_search(problem, channels, searcher="random", evaluations=8)
    costs = problem.costs([one.network for one in found.front])
    assert (costs["latency"] <= problem.bounds["latency"]).all()
    assert costs["latency@phone"].tolist() == costs["latency"].tolist()


def test_families_of_other_resolutions_differ_in_identity() -> None:
    one, other = (
        hwnas.load_space("nas_bench_macro", resolution=[16, last], classes=10) for last in (24, 32)
    )
    assert one.identity != other.identity
    assert one.identity == SpaceFamily(one.name, one.members).identity


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nas_bench_macro",), r"as of hwnas\.load_space\('nas_bench_macro'\)"),
        ((SPACE, "table.sqlite"), "latency must be a latency model, of hwnas.profile or"),
        ((SPACE, energy_of(SPACE)), "latency must be a latency model"),
    ],
)
def test_what_is_no_space_or_model_is_one_sentence(
    arguments: tuple[Any, ...], sentence: str
) -> None:
    with pytest.raises(hwnas.HwnasError, match=sentence):
        hwnas.Problem(*arguments)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"further": {"pi": 1}}, r"further\['pi'\] must be a latency model"),
        ({"further": ["pi"]}, "further must be a dictionary"),
        ({"energy": 3}, "energy must be an energy model, of hwnas.load_energy"),
        ({"objectives": [5]}, "the objective 5 has no name"),
        ({"objectives": Returning(len)}, "objectives must be a list"),
        ({"cost": "latency"}, "the front's cost is latency, and nothing predicts it"),
        ({"cost": "mac"}, "did you mean 'macs'"),
    ],
)
def test_a_wrong_argument_is_one_sentence(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(hwnas.HwnasError, match=sentence):
        hwnas.Problem(SPACE, **arguments)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (lambda _: 1.0, "return one number for each"),
        (lambda count: np.ones(count + 1), "return one number for each"),
        (lambda count: np.full(count, np.nan), "returned nan for a network"),
        (lambda _: "many", "not one number for each network"),
    ],
)
def test_an_objective_that_gives_no_number_for_each_network_is_one_sentence(
    value: Callable[[int], Any], sentence: str
) -> None:
    own: Any = Returning(value)
    problem = hwnas.Problem(SPACE, budgets={"own": "3 things"}, objectives=[own])
    rows = SPACE.canonical([[1] * len(SPACE.slots)])
    with pytest.raises(hwnas.HwnasError, match=f"the objective 'own' .*{sentence}"):
        problem.costs(SPACE.networks(rows))
    with pytest.raises(hwnas.HwnasError, match=sentence):
        problem.search_problem.feasible(rows)


def test_a_misspelt_latency_is_answered_with_the_one_that_is_given() -> None:
    with pytest.raises(hwnas.HwnasError, match="did you mean 'latency'"):
        hwnas.Problem(SPACE, latency_of(SPACE), budgets={"latncy": 0.3})
