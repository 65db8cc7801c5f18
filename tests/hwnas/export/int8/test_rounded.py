"""The network that is trained for int8 computes what its int8 file computes."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from hwnas.data import to_input
from hwnas.export.int8.biases import corrected_biases
from hwnas.export.int8.grids import grids
from hwnas.export.int8.ranges import Calibration
from hwnas.export.int8.rounded import RoundedNetwork
from hwnas.networks.conventions import USUAL
from hwnas.networks.folding import FoldedWeights, folded_weights
from hwnas.networks.graph import build_graph
from hwnas.networks.modules import NetworkModule
from hwnas.networks.quantize import RECIPES, quantize
from tests.hwnas.export.int8.networks import DATASET, NETWORK, logits

WEIGHTS = folded_weights(NetworkModule(NETWORK).eval())
GRAPH = build_graph(NETWORK, batch=10, weights=WEIGHTS)
RANGES = Calibration(GRAPH, DATASET.train).least_and_greatest
INPUTS = to_input(DATASET.validation.images[:10]).contiguous()


def rounded(recipe: str = "asymmetric", weights: list[FoldedWeights] = WEIGHTS) -> RoundedNetwork:
    return RoundedNetwork(NETWORK, weights, grids(quantize(GRAPH, recipe, RANGES)), USUAL)


@pytest.mark.parametrize("recipe", RECIPES)
def test_it_rounds_where_the_int8_graph_rounds(recipe: str) -> None:
    expected = logits(quantize(GRAPH, recipe, RANGES), INPUTS.numpy())
    whole = logits(GRAPH, INPUTS.numpy())
    with torch.no_grad():
        found = rounded(recipe)(INPUTS).numpy()
    step = np.ptp(expected) / 255
    # A sum beside the middle of two steps may be rounded to either.
    assert np.abs(found - expected).max() < 2.5 * step
    assert np.abs(found - expected).mean() < 0.5 * np.abs(whole - expected).mean()


def test_its_weights_are_those_of_the_builder() -> None:
    network = rounded()
    again = network.folded()
    assert [one.keys() for one in again] == [one.keys() for one in WEIGHTS]
    assert build_graph(NETWORK, batch=10, weights=again) == GRAPH
    assert network.classes == 4
    assert network.identity != RoundedNetwork(NETWORK, WEIGHTS, {}, USUAL).identity


def test_every_weight_learns_through_the_rounding() -> None:
    network = rounded()
    functional.cross_entropy(network(INPUTS), torch.arange(10) % 4).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert bool(parameter.grad.any()), name


def test_biases_give_back_what_rounding_moves() -> None:
    crude = {
        name: type(grid)(8 * grid.step, grid.zero // 8, grid.lowest // 8, grid.highest // 8)
        for name, grid in rounded().grids.items()
    }
    mended = corrected_biases(NETWORK, WEIGHTS, crude, INPUTS, USUAL)

    def moved(weights: list[FoldedWeights]) -> float:
        with torch.no_grad():
            rough = RoundedNetwork(NETWORK, weights, crude, USUAL)(INPUTS).mean(0)
        expected = torch.from_numpy(logits(GRAPH, INPUTS.numpy())).mean(0)
        return float((rough - expected).abs().mean())

    assert moved(mended) < 0.5 * moved(WEIGHTS)
