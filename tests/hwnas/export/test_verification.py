import numpy as np
import pytest

from hwnas.core.errors import HwnasError
from hwnas.data import Split
from hwnas.export.verification import check_numbers
from hwnas.networks.conventions import Conventions
from hwnas.networks.folding import folded_weights
from hwnas.networks.graph import build_graph
from hwnas.networks.modules import NetworkModule
from hwnas.spaces import load_space
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401

SPACE = load_space("nas_bench_macro", resolution=16)
MODULE = NetworkModule(SPACE.network(SPACE.choice_counts - 2))


def noise(count: int) -> Split:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (count, 3, 16, 16)).astype(np.uint8)
    return Split(images, generator.integers(0, 10, count))


@pytest.mark.parametrize("batch", [1, 4, 16])
def test_an_exported_network_computes_what_its_module_does(batch: int) -> None:
    graph = build_graph(MODULE.blocks, batch=batch, weights=folded_weights(MODULE.eval()))
    check = check_numbers(graph.SerializeToString(), MODULE, noise(10), batch=batch)
    assert check.images == 10
    assert 0 <= check.max_abs_diff < 1e-4
    assert 0 <= check.accuracy <= 100


def test_another_epsilon_is_folded_and_tells_networks_apart() -> None:
    other = NetworkModule(MODULE.blocks, conventions=Conventions(epsilon=0.5)).eval()
    graph = build_graph(MODULE.blocks, weights=folded_weights(other)).SerializeToString()
    assert check_numbers(graph, other, noise(4), batch=1).max_abs_diff < 1e-4
    with pytest.raises(HwnasError, match="differs from PyTorch's by"):
        check_numbers(graph, MODULE, noise(4), batch=1)
    assert other.identity != MODULE.identity
    assert (
        NetworkModule(MODULE.blocks, conventions=Conventions(epsilon=1e-5)).identity
        == MODULE.identity
    )


def test_another_network_is_refused() -> None:
    weights = folded_weights(NetworkModule(MODULE.blocks, seed=1).eval())
    graph = build_graph(MODULE.blocks, weights=weights)
    with pytest.raises(HwnasError, match=r"differs from PyTorch's by .*nothing was exported"):
        check_numbers(graph.SerializeToString(), MODULE, noise(4), batch=1)
