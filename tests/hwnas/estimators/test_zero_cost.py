import math

import numpy as np
import pytest
import torch

from hwnas.data import Split, to_input
from hwnas.estimators.jacob_cov import JacobianCovariance
from hwnas.estimators.synflow import SynFlow
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual, Network
from hwnas.networks.modules import LayerModule, NetworkModule
from tests.hwnas.supernet.conftest import one_thread  # noqa: F401
from tests.hwnas.supernet.helpers import images

STEM = ConvBlock(3, 8, 3, 2, "relu", 16)
HEAD = Head(8, 16, 12, 10, "relu", 8)
CHAIN: Network = (
    STEM,
    InvertedResidual(8, 24, 8, 3, 2, 0, "relu", 8),
    Head(8, 16, 12, 10, "relu", 4),
)
RESIDUAL: Network = (STEM, InvertedResidual(8, 24, 8, 5, 1, 0, "relu", 8), HEAD)


def positive(network: Network, seed: int) -> NetworkModule:
    """The module itself with absolute weights, its batch norm as good as the identity."""
    module = NetworkModule(network, seed=seed).double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.abs_()
    return module


def flow(network: Network, seed: int) -> tuple[float, float]:
    """R, and Σ |w · ∂R/∂w|, by the module's own forward pass: ReLU lets everything through."""
    module = positive(network, seed)
    out = module(torch.ones(1, 3, 16, 16, dtype=torch.float64)).sum()
    out.backward()
    layers = [each for each in module.modules() if isinstance(each, LayerModule)]
    saliency = sum(float((w.weight.detach() * w.weight.grad).abs().sum()) for w in layers)
    return float(out.detach()), saliency


@pytest.mark.parametrize("network", [CHAIN, RESIDUAL])
@pytest.mark.parametrize("seed", [0, 3])
def test_synflow_is_the_saliency_of_all_weights_for_an_input_of_ones(
    network: Network, seed: int
) -> None:
    _, saliency = flow(network, seed)
    # The module's batch norm divides by √(1 + 1e-5).
    assert SynFlow(seed).evaluate([network])[0] == pytest.approx(math.log(saliency), abs=1e-3)


def test_of_a_chain_every_layer_has_the_whole_flow() -> None:
    whole, _ = flow(CHAIN, 0)
    # stem, expand, depthwise, project, features, hidden, classifier
    assert SynFlow().evaluate([CHAIN])[0] == pytest.approx(math.log(7 * whole), abs=1e-3)


def test_activations_that_would_saturate_and_gates_change_no_flow() -> None:
    values = [
        SynFlow().evaluate([(STEM, InvertedResidual(8, 24, 8, 3, 1, 0, act, 8), HEAD)])[0]
        for act in ("relu", "relu6", "hard_swish")
    ]
    assert values[0] == values[1] == values[2]


def test_synflow_of_a_hundred_blocks_is_a_number() -> None:
    deep = (STEM, *[InvertedResidual(8, 64, 8, 7, 1, 8, "relu6", 8)] * 100, HEAD)
    assert 100 < SynFlow().evaluate([deep])[0] < 10_000


def test_another_seed_gives_other_weights_and_nearly_the_same_score() -> None:
    one, other = (SynFlow(seed).evaluate([RESIDUAL])[0] for seed in (0, 1))
    assert one != other
    assert one == pytest.approx(other, abs=1.5)


def test_jacobian_covariance_is_that_of_the_gradients_of_each_image() -> None:
    split = images(6, resolution=16)
    score = JacobianCovariance(split, seed=2, images=6).evaluate([RESIDUAL])[0]
    # Image by image, as each sees the batch norm of the whole batch.
    module = NetworkModule(RESIDUAL, seed=2).train()
    inputs = to_input(split.images).requires_grad_(True)
    gradients = torch.autograd.grad(module(inputs).sum(), inputs)[0].flatten(1).double().numpy()
    values = np.linalg.eigvals(np.corrcoef(gradients)).real + 1e-5
    assert score == pytest.approx(-np.sum(np.log(values) + 1 / values), rel=1e-6)
    assert score <= -6 + 1e-3


def test_networks_that_answer_alike_to_all_images_score_less() -> None:
    same = images(1, resolution=16)
    pixels = np.repeat(same.images, 6, axis=0)
    noise = np.random.default_rng(0).integers(0, 3, pixels.shape, dtype=np.uint8)
    alike = Split(np.minimum(pixels, 252) + noise, np.repeat(same.labels, 6))
    different = images(6, resolution=16, seed=1)
    scores = [JacobianCovariance(s).evaluate([RESIDUAL])[0] for s in (alike, different)]
    assert scores[0] < scores[1]


def test_one_image_twice_is_no_reason_to_fail() -> None:
    same = images(1, resolution=16)
    twice = Split(np.repeat(same.images, 2, axis=0), np.repeat(same.labels, 2))
    assert np.isfinite(JacobianCovariance(twice).evaluate([RESIDUAL])).all()
