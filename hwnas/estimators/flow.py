"""What flows through blocks whose weights have no signs: for scores of untrained networks.

As SynFlow has it (Tanaka et al. 2020, arXiv 2006.05467), batch norm is left out, for it would undo
every scaling of the weights before it. Signals are then positive all the way, where ReLU is the
identity; the other activations are taken as the identity, too, and squeeze-excite gates as open,
since ReLU6, hard-swish and hard-sigmoid would saturate on signals this large and no gradient would
be left. So what comes out is a sum over all paths of the products of their weights.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from hwnas.networks.arithmetic import convolve, named_layers
from hwnas.networks.blocks import Block
from hwnas.networks.modules import BlockModule
from hwnas.networks.operations import Operations


def without_signs(module: nn.Module) -> None:
    """Makes every weight of a module its absolute value."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.abs_()


def ones(resolution: int) -> Tensor:
    """(1, 3, R, R): what flows in."""
    return torch.ones(1, 3, resolution, resolution, dtype=torch.float64)


def flow(module: BlockModule, block: Block, x: Tensor) -> Tensor:
    """What a block makes of x (N, C, R, R), linear in it.

    Args:
        module: holds the block's weights without signs, or those of a wider one.
        block: which.
        x: nowhere negative.
    """
    return block.compute(_Flow(module, block), x)


def rescaled(x: Tensor) -> tuple[Tensor, float]:
    """A signal x with a mean of 1, and the logarithm of what it was divided by.

    What comes out grows exponentially with depth. It is linear in x, so that this divides it, and
    every gradient, by a constant.
    """
    mean = x.detach().mean()
    return x / mean, math.log(float(mean))


class _Flow(Operations[Tensor]):
    """The operations of a block without batch norm, bias and activation, and with open gates."""

    def __init__(self, module: BlockModule, block: Block) -> None:
        self._module, self._layers = module, named_layers(block)

    @override
    def layer(self, name: str, x: Tensor) -> Tensor:
        layer = self._layers[name]
        weight = self._module.layer(name).cut(layer)["weight"]
        if x.ndim == 2:
            return functional.linear(x, weight.flatten(1))
        return convolve(x, weight, layer)

    @override
    def mean(self, name: str, x: Tensor) -> Tensor:
        return x.mean((2, 3), keepdim=True)

    @override
    def flatten(self, name: str, x: Tensor) -> Tensor:
        return x.flatten(1)

    @override
    def hard_sigmoid(self, name: str, x: Tensor) -> Tensor:
        return x

    @override
    def multiply(self, name: str, x: Tensor, gate: Tensor) -> Tensor:
        return x

    @override
    def add(self, name: str, x: Tensor, other: Tensor) -> Tensor:
        return x + other

    @override
    def concatenate(self, name: str, parts: Sequence[Tensor]) -> Tensor:
        return torch.cat(list(parts), 1)
