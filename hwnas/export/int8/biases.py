"""Bias correction: what rounding moves on average is given back by the biases."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from hwnas.export.int8.grids import Grid
from hwnas.export.int8.rounded import RoundedNetwork, rounded_weight, run_rounded
from hwnas.networks.arithmetic import transform
from hwnas.networks.blocks import Block
from hwnas.networks.conventions import Conventions
from hwnas.networks.folding import FoldedWeights
from hwnas.networks.layers import Layer


def corrected_biases(
    blocks: Sequence[Block],
    weights: Sequence[FoldedWeights],
    grids: Mapping[str, Grid],
    images: Tensor,
    conventions: Conventions,
) -> list[FoldedWeights]:
    """The weights of a network, whose biases make up for what rounding moves.

    Layer by layer, each behind those that are corrected already: the mean of every output channel
    becomes that of the network before it was rounded (Nagel et al. 2019, arXiv 1906.04721,
    section 4.2, with images).

    Args:
        blocks: of the network.
        weights: of each block, batch norm folded in.
        grids: see `RoundedNetwork`.
        images: (N, 3, R, R) network inputs.
        conventions: of the network.
    """
    network = RoundedNetwork(blocks, weights, grids, conventions)

    # Both networks run together, as halves of a batch: the whole one first, then the rounded one.
    def convolve(block: str, layer: Layer, x: Tensor) -> Tensor:
        module = network.block(block).layer(layer.name)
        whole, rounded = x.chunk(2)
        expected = transform(whole, module.weight, module.bias, layer)
        given = transform(rounded, rounded_weight(module.weight), module.bias, layer)
        if module.bias is not None:
            moved = (expected - given).mean([0, *range(2, expected.ndim)])
            module.bias.add_(moved)
            given += moved.reshape(-1, *[1] * (given.ndim - 2))
        return torch.cat([expected, given])

    def round_(name: str, x: Tensor) -> Tensor:
        whole, rounded = x.chunk(2)
        return torch.cat([whole, network.round(name, rounded)]) if name in grids else x

    with torch.no_grad():
        run_rounded(blocks, torch.cat([images, images]), convolve, round_)
    return network.folded()
