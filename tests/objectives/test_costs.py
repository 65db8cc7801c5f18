"""Costs against published figures and hand counts."""

import json

import numpy as np
import pytest

from hwnas.networks.blocks import ConvBlock, InvertedResidual
from hwnas.objectives.costs import (
    FILE_SIZE,
    MACS,
    PARAMETERS,
    PEAK_MEMORY,
    block_peak_activation_bytes,
)
from hwnas.spaces import load_space, reference_network
from tests.shared_data import shared_data


@pytest.mark.parametrize(
    ("name", "parameters", "million_macs"),
    [
        # Parameters as torchvision's models have them; MACs as in the papers' tables.
        ("mobilenet_v2", 3_504_872, 300),
        ("mobilenet_v3_small", 2_542_856, 56),
        ("mobilenet_v3_large", 5_483_032, 219),
    ],
)
def test_published_networks_have_their_published_costs(
    name: str, parameters: int, million_macs: int
) -> None:
    network = reference_network(name, resolution=224, classes=1000)
    assert PARAMETERS.evaluate([network])[0] == parameters
    assert MACS.evaluate([network])[0] / 1e6 == pytest.approx(million_macs, rel=0.015)


def test_nas_bench_macro_has_the_published_costs_for_all_6561_networks() -> None:
    table = json.loads(shared_data("nas-bench-macro_cifar10.json").read_text())
    space = load_space("nas_bench_macro")
    networks = space.networks(np.array([[int(digit) for digit in key] for key in table]))
    assert len(networks) == 6561
    assert PARAMETERS.evaluate(networks).tolist() == [row["params"] for row in table.values()]
    assert MACS.evaluate(networks).tolist() == [row["flops"] for row in table.values()]


def test_file_size_counts_folded_weights() -> None:
    assert FILE_SIZE.evaluate([(ConvBlock(3, 8, 3, 1, "relu", 8),)])[0] == 4 * (8 * 27 + 8)


def test_peak_memory_is_that_of_the_largest_layer() -> None:
    conv = ConvBlock(3, 8, 3, 1, "relu", 8)
    residual = InvertedResidual(8, 16, 8, 3, 1, 0, "relu", 8)
    assert block_peak_activation_bytes(conv) == 4 * (3 + 8) * 64
    assert block_peak_activation_bytes(residual) == 4 * (8 + 16 + 16) * 64
    assert PEAK_MEMORY.evaluate([(conv, residual)])[0] == 4 * 40 * 64
