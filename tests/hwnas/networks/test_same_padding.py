"""TensorFlow's "same" padding, in PyTorch and in ONNX, against a convolution padded by hand."""

import itertools
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch
from torch.nn import functional

from hwnas.networks.blocks import (
    Block,
    ConvBlock,
    InvertedResidual,
    block_from_key,
    block_key,
)
from hwnas.networks.folding import folded_weights
from hwnas.networks.graph import build_graph
from hwnas.networks.inference import FoldedNetwork, running_statistics, weighted_blocks
from hwnas.networks.layers import Layer
from hwnas.networks.modules import BlockModule, NetworkModule

KERNELS, STRIDES, RESOLUTIONS = (3, 5, 7), (1, 2), (1, 7, 8)
CASES = [*itertools.product(KERNELS, STRIDES, RESOLUTIONS)]


def tensorflows(x: torch.Tensor, weight: torch.Tensor, stride: int) -> torch.Tensor:
    """A depthwise convolution, padded as TensorFlow's documentation says."""
    size, kernel = x.shape[-1], weight.shape[-1]
    total = max(kernel - (size % stride or stride), 0)
    before = total // 2
    x = functional.pad(x, (before, total - before, before, total - before))
    return functional.conv2d(x, weight, None, stride, 0, 1, len(weight))


def block(kernel: int, stride: int, resolution: int) -> InvertedResidual:
    return InvertedResidual(4, 4, 4, kernel, stride, 0, "none", resolution, same_padding=True)


def images(resolution: int) -> torch.Tensor:
    return torch.randn((2, 4, resolution, resolution), generator=torch.Generator().manual_seed(0))


def test_module_and_graph_pad_as_tensorflow_does() -> None:
    for case in CASES:
        network = NetworkModule([block(*case)], seed=1).eval()
        state, x = network.state_dict(), images(case[-1])
        middle = tensorflows(x, state["block0.depthwise.weight"], case[1])
        expected = functional.conv2d(middle, state["block0.project.weight"])
        if case[1] == 1:
            expected = expected + x
        with torch.inference_mode():
            found = network(x)
            folded = FoldedNetwork(
                weighted_blocks(network.path, torch.device("cpu")), running_statistics(network)
            )(x)
        model = build_graph(network.blocks, batch=2, weights=folded_weights(network))
        session = onnxruntime.InferenceSession(model.SerializeToString())
        of_onnx = torch.from_numpy(session.run(None, {"input": x.numpy()})[0])
        for each in (found, folded, of_onnx):
            torch.testing.assert_close(each, expected, rtol=1e-4, atol=1e-4)


def test_it_is_another_padding_only_where_an_even_map_meets_a_stride() -> None:
    found = set()
    for kernel, stride, resolution in CASES:
        layer = Layer("conv", 4, 4, kernel, stride, 1, True, "none", resolution)
        if layer.padding != replace(layer, same_padding=True).padding:
            found.add((stride, resolution))
    assert found == {(2, 8)}


@pytest.mark.parametrize("resolution", [7, 8])
def test_a_smaller_kernel_is_the_centre_of_a_larger_one(resolution: int) -> None:
    """A larger kernel with zeros around the smaller one computes the same."""
    large, small = block(7, 2, resolution), block(3, 2, resolution)
    module = BlockModule(large).eval()
    weight = module.layer("depthwise").weight
    with torch.no_grad():
        around = functional.pad(weight[:, :, 2:5, 2:5].clone(), (2, 2, 2, 2))
        weight.copy_(around)
        x = images(resolution)
        torch.testing.assert_close(module(x, small), module(x))


def test_a_block_that_is_padded_so_says_it_last() -> None:
    plain = ConvBlock(3, 8, 3, 2, "relu", 32)
    same = replace(plain, same_padding=True)
    assert block_key(same) == f"{block_key(plain)} same_padding=True"
    assert block_from_key(block_key(same)) == same
    assert same.short_name == "conv k3 s2 3→8 relu @32 same"
    assert block(5, 2, 8).choice_name == "k5 e1 same"


def test_a_gradient_goes_through_the_padding() -> None:
    one: Block = block(3, 2, 8)
    network = NetworkModule([one], seed=0).train()
    x = images(8).requires_grad_()
    network(x).square().sum().backward()
    assert x.grad is not None
    assert np.count_nonzero(x.grad.numpy()) > 0
