"""Resolution and width are choices like others, from the space to the exported network."""

from typing import Any

import numpy as np
import pytest

from hwnas.core.errors import ConfigError
from hwnas.networks.blocks import Network
from hwnas.networks.graph import build_graph
from hwnas.objectives.costs import MACS, PARAMETERS
from hwnas.search.make_problem import make_problem
from hwnas.search.run_search import run_search
from hwnas.spaces import Space, SpaceFamily, load_space
from hwnas.spaces.extremes import largest, smallest


def family() -> SpaceFamily:
    found = load_space("mobilenet_v3_large", resolution=[48, 32], width=[1.0, 0.5], classes=10)
    assert isinstance(found, SpaceFamily)
    return found


def test_a_family_has_every_resolution_in_every_width() -> None:
    found = [(member.resolution, member.width) for member in family().members]
    assert found == [(32, 0.5), (32, 1.0), (48, 0.5), (48, 1.0)]
    assert family().name == "mobilenet_v3_large at 32, 48 px of widths 0.5, 1"
    assert family().size == 4 * load_space("mobilenet_v3_large").size


def test_one_value_in_a_list_is_one_value() -> None:
    one = load_space("nas_bench_macro", resolution=[24], width=[2.0])
    assert one == load_space("nas_bench_macro", resolution=24, width=2.0)


def test_a_family_is_called_by_what_is_chosen() -> None:
    assert load_space("nas_bench_macro", width=[2.0, 1.0]).name == "nas_bench_macro of widths 1, 2"
    one_width = load_space("nas_bench_macro", resolution=(24, 32), width=2.0)
    assert one_width.name == "nas_bench_macro w2 at 24, 32 px"


@pytest.mark.parametrize(
    ("resolution", "width", "why"),
    [
        ([], None, "resolution is an empty list; name at least one"),
        ([24, 32, 24], None, "resolution names 24 twice"),
        (None, [1, 1.0], "width names 1 twice"),
        (["24"], None, "resolution must hold numbers, and '24' is none"),
        ([24, 5000], None, "resolution must be a whole number from 1 to 4,096, and is 5000"),
        (None, [1.0, 1.001], "width: 1 and 1.001 make the same networks of nas_bench_macro"),
    ],
)
def test_what_makes_no_choice_is_refused(resolution: Any, width: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        load_space("nas_bench_macro", resolution=resolution, width=width)


@pytest.mark.parametrize("space", [load_space("nas_bench_macro", classes=10), family()])
def test_one_space_and_a_family_are_used_alike(space: Space) -> None:
    rows = space.sample(np.random.default_rng(0), 20)
    assert space.architectures(space.networks(rows)).tolist() == rows.tolist()
    for row, resolution in zip(rows, space.resolution_of(rows), strict=True):
        member, own = space.of_member(row)
        number = space.members.index(member)
        assert member is space.member(row)
        assert member.network(own) == space.network(row)
        assert space.rows_of(number, own)[0].tolist() == row.tolist()
        assert number in space.at(resolution)
        assert resolution == member.resolution == space.network(row)[0].resolution
    assert space.largest_resolution == max(space.resolutions)
    assert space.classes == 10
    with pytest.raises(ValueError, match=f"{space.name} has no networks at 7 pixels"):
        space.sample(np.random.default_rng(0), 1, resolution=7)


def test_the_networks_of_one_resolution_are_drawn_alone() -> None:
    space = family()
    rows = space.sample(np.random.default_rng(0), 50, resolution=48)
    assert set(rows[:, 0].tolist()) == set(space.at(48)) == {2, 3}


def test_the_extremes_of_a_family_are_those_of_its_members_or_of_one_resolution() -> None:
    space = family()
    found = [
        (space.member(row).resolution, space.member(row).width)
        for row in (
            smallest(space),
            largest(space),
            smallest(space, resolution=48),
            largest(space, resolution=32),
        )
    ]
    assert found == [(32, 0.5), (48, 1.0), (48, 0.5), (32, 1.0)]
    member, own = space.of_member(largest(space))
    assert own.tolist() == largest(member).tolist()


@pytest.mark.parametrize("searcher", ["random", "nsga2"])
def test_a_search_chooses_resolution_and_width_within_its_budgets(searcher: str) -> None:
    space = family()
    bound = float(
        np.median(MACS.evaluate(space.networks(space.sample(np.random.default_rng(0), 50))))
    )

    def accuracy(networks: list[Network]) -> list[float]:
        return [float(network[0].resolution) for network in networks]

    problem = make_problem(space, MACS, {"macs": bound, "params": "3 M"})
    found = run_search(problem, accuracy, searcher=searcher, evaluations=30)
    best = found.architectures[int(found.scores.argmax())]
    network = space.network(best)
    assert space.member(best).resolution == network[0].resolution == 48
    assert MACS.evaluate([network])[0] <= bound
    assert PARAMETERS.evaluate([network])[0] <= 3e6
    shape = build_graph(network).graph.input[0].type.tensor_type.shape.dim
    assert [one.dim_value for one in shape] == [1, 3, 48, 48]
