"""Resolution and width are choices like others, from the space to the exported network."""

import numpy as np
import pytest

from hwnas.networks.blocks import Network
from hwnas.networks.graph import build_graph
from hwnas.objectives.costs import MACS, PARAMETERS
from hwnas.search.make_problem import make_problem
from hwnas.search.run_search import run_search
from hwnas.spaces import SpaceFamily, load_space


def family() -> SpaceFamily:
    return SpaceFamily.of("mobilenet_v3_large", resolutions=(32, 48), widths=(0.5, 1.0), classes=10)


def test_a_family_has_every_resolution_in_every_width() -> None:
    found = [(member.resolution, member.width) for member in family().members]
    assert found == [(32, 0.5), (32, 1.0), (48, 0.5), (48, 1.0)]
    assert family().name == "mobilenet_v3_large at 32, 48 px of widths 0.5, 1"
    assert family().size == 4 * load_space("mobilenet_v3_large").size


def test_without_widths_or_resolutions_they_are_those_of_the_space() -> None:
    [member] = SpaceFamily.of("nas_bench_macro").members
    assert member == load_space("nas_bench_macro")
    assert SpaceFamily.of("nas_bench_macro", widths=(2.0,)).name == "nas_bench_macro of widths 2"


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
