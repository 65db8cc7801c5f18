"""An ensemble's graph computes what its module does: the mean of its members' probabilities."""

import numpy as np
import onnx
import pytest
import torch

from hwnas.data import to_input
from hwnas.networks.blocks import Network
from hwnas.networks.conventions import Conventions
from hwnas.networks.ensemble import Ensemble
from hwnas.networks.ensemble_module import EnsembleModule, ensemble_weights
from hwnas.networks.folding import folded_weights
from hwnas.networks.graph import averaging, build_ensemble, build_graph
from hwnas.networks.ids import ensemble_id, network_id
from hwnas.networks.modules import NetworkModule
from hwnas.networks.precision import in_precision
from hwnas.objectives.costs import block_macs
from hwnas.spaces import load_space
from tests.hwnas.networks.test_graph import run
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401
from tests.hwnas.supernet.helpers import images, randomise

SPACE = load_space("nas_bench_macro", resolution=16)
SMALL, MIDDLE, LARGE = (
    SPACE.network(np.minimum(SPACE.choice_counts - 1, number)) for number in range(3)
)
SHARED = 2  # the stem and the first slot, whose choice both have


def alike() -> list[Network]:
    """Two networks whose first blocks are the same."""
    first = np.minimum(SPACE.choice_counts - 1, 1)
    second = first.copy()
    second[2:] = 2
    return [SPACE.network(first), SPACE.network(second)]


def modules(networks: list[Network]) -> list[NetworkModule]:
    found = [NetworkModule(network, seed) for seed, network in enumerate(networks)]
    for one in found:
        randomise(one)
        one.eval()
    return found


def inputs(count: int) -> torch.Tensor:
    return to_input(images(count, 16).images).contiguous()


def probabilities(module: NetworkModule, x: torch.Tensor) -> np.ndarray:
    with torch.inference_mode():
        return module(x).softmax(1).numpy()


@pytest.mark.parametrize(("networks", "shared"), [([SMALL, MIDDLE, LARGE], 0), (alike(), SHARED)])
def test_graph_module_and_members_agree(networks: list[Network], shared: int) -> None:
    members = modules(networks)
    module = EnsembleModule(members, shared).eval()
    x = inputs(5)
    # The trunk is the first member's, for the others too.
    mean = np.mean([probabilities(one, x) for one in module.members], axis=0)
    with torch.inference_mode():
        expected = module(x).numpy()
    assert np.exp(expected) == pytest.approx(mean, abs=1e-6)
    graph = build_ensemble(module.ensemble, batch=5, weights=ensemble_weights(module))
    onnx.checker.check_model(graph, full_check=True)
    found = run(graph, x.numpy())
    assert found.shape == (5, 10)
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()
    assert np.exp(found).sum(1) == pytest.approx(np.ones(5), abs=1e-5)


def test_members_keep_their_own_weights_but_for_the_trunk() -> None:
    first, second = modules(alike())
    module = EnsembleModule([first, second], SHARED)
    mine, other = module.members
    x = inputs(2)
    assert probabilities(mine, x) == pytest.approx(probabilities(first, x))
    assert probabilities(other, x) != pytest.approx(probabilities(second, x))
    assert mine.block0 is other.block0
    assert other.block4 is second.block4
    names = set(module.state_dict())
    assert {name.split(".")[0] for name in names} == {"trunk", "member0", "member1"}
    weights = sum(one.numel() for one in module.parameters())
    whole = sum(one.numel() for each in (first, second) for one in each.parameters())
    trunk = sum(one.numel() for one in module.trunk.parameters())
    assert weights == whole - trunk


def test_members_are_the_same_files_as_alone() -> None:
    """What is not shared is, operator by operator, the graph of the network by itself."""
    members = modules([SMALL, LARGE])
    module = EnsembleModule(members)
    graph = build_ensemble(module.ensemble, weights=ensemble_weights(module))
    alone = build_graph(LARGE, weights=folded_weights(members[1]))
    of_member = [node for node in graph.graph.node if node.name.startswith("member1.")]
    assert [node.op_type for node in of_member] == [node.op_type for node in alone.graph.node]


def test_costs_add_up_over_the_trunk_once() -> None:
    first, second = alike()
    apart, together = Ensemble.of([first, second]), Ensemble.of([first, second], SHARED)
    saved = sum(map(block_macs, apart.blocks)) - sum(map(block_macs, together.blocks))
    assert saved == sum(map(block_macs, first[:SHARED]))
    assert together.members == apart.members == (first, second)


def test_what_is_no_ensemble_is_refused() -> None:
    with pytest.raises(ValueError, match="at least two members"):
        Ensemble.of([SMALL])
    with pytest.raises(ValueError, match="first 3 blocks of the members are not the same"):
        Ensemble.of([SMALL, LARGE], 3)
    with pytest.raises(ValueError, match="a block of its own"):
        Ensemble.of([SMALL, SMALL], len(SMALL))
    larger = load_space("nas_bench_macro", resolution=32)
    with pytest.raises(ValueError, match="another resolution"):
        Ensemble.of([SMALL, larger.network(larger.choice_counts - 1)])
    with pytest.raises(ValueError, match="end with logits"):
        Ensemble.of([SMALL[:-1], LARGE[:-1]])
    more = load_space("nas_bench_macro", resolution=16, classes=12)
    with pytest.raises(ValueError, match="numbers of classes"):
        Ensemble.of([SMALL, more.network(more.choice_counts - 1)])
    odd = NetworkModule(LARGE, conventions=Conventions(mean=(0.5, 0.5, 0.5)))
    with pytest.raises(ValueError, match="normalised in different ways"):
        EnsembleModule([NetworkModule(SMALL), odd])


def test_an_id_is_that_of_the_members_in_any_order() -> None:
    found = ensemble_id(Ensemble.of([SMALL, LARGE]))
    assert found == ensemble_id(Ensemble.of([LARGE, SMALL]))
    assert found not in {network_id(SMALL), network_id(LARGE)}
    first, second = alike()
    assert ensemble_id(Ensemble.of([first, second])) != ensemble_id(
        Ensemble.of([first, second], SHARED)
    )


def test_averaging_stays_in_float() -> None:
    graph = build_ensemble(Ensemble.of([SMALL, LARGE]))
    names = averaging(graph)
    assert len(names) == 5  # two shares, their mean, its least, its logarithm
    assert averaging(build_graph(SMALL)) == []
    found = in_precision(graph, "int8", "asymmetric")
    onnx.checker.check_model(found)
    softmax = [node for node in found.graph.node if node.op_type == "Softmax"]
    mean = next(node for node in found.graph.node if node.op_type == "Mean")
    assert [node.output[0] for node in softmax] == list(mean.input)
    half = in_precision(graph, "fp16")
    x = inputs(1).numpy()
    expected = run(graph, x)
    assert np.abs(run(half, x) - expected).max() < 0.05 * np.abs(expected).max()
    assert run(found, x).shape == expected.shape
