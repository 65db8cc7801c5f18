"""What blocks compute in PyTorch, whoever holds their weights; as in `hwnas/networks/graph.py`."""

from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional
from typing_extensions import override

from hwnas.networks.blocks import Block
from hwnas.networks.layers import Layer
from hwnas.networks.operations import Operations
from hwnas.networks.trace import Trace

RunLayer = Callable[[Layer, Tensor], Tensor]
"""Runs one layer of a block: its convolution, its batch norm or bias, and its activation."""


@cache
def named_layers(block: Block) -> dict[str, Layer]:
    """The layers of a block by name, in the order in which they run."""
    return {layer.name: layer for layer in block.layers()}


def run_block(block: Block, run: RunLayer, x: Tensor, *, in_place: bool = False) -> Tensor:
    """(N, in, R, R) → (N, out, r, r), or logits (N, classes).

    Args:
        block: which.
        run: runs each of its layers, and gives new tensors.
        x: the input, which stays as it is.
        in_place: whether sums and gates write over what nothing else reads; without gradients only.
            (Whether there are any is not asked here: `torch.compile` cannot follow that.)
    """
    overwritten = _overwritten(block) if in_place else _NOTHING
    result = block.compute(Tensors(named_layers(block), run, overwritten), x)
    return result if result.ndim == 4 or block.gives_logits else as_map(result)


def convolve(x: Tensor, weight: Tensor, layer: Layer) -> Tensor:
    """(N, in, R, R) → (N, out, r, r), without a bias."""
    if x.shape[-1] > 1:
        before, behind = layer.padding
        if before != behind:  # which PyTorch's convolution cannot have
            x, before = functional.pad(x, (before, behind, before, behind)), 0
        return functional.conv2d(x, weight, None, layer.stride, before, 1, layer.groups)
    # One pixel meets the kernel's centre alone, the rest falls on padding. PyTorch cannot see the
    # memory format of such tensors and takes a path that was 10 to 20 times slower.
    centre = weight[:, :, layer.kernel // 2, layer.kernel // 2]
    if layer.groups == 1:
        return functional.linear(x.flatten(1), centre)[:, :, None, None]
    if weight.shape[1] == 1 and layer.groups == layer.out_channels:
        return x * centre[:, :, None]
    return functional.conv2d(x, centre[:, :, None, None], None, 1, 0, 1, layer.groups)


def transform(x: Tensor, weight: Tensor, bias: Tensor | None, layer: Layer) -> Tensor:
    """A layer without batch norm: (N, in) → (N, out), or (N, in, R, R) → (N, out, r, r)."""
    if x.ndim == 2:
        return functional.linear(x, weight.flatten(1), bias)
    y = convolve(x, weight, layer)
    return y if bias is None else y + bias[:, None, None]


def activate(x: Tensor, activation: str, *, in_place: bool = False) -> Tensor:
    """The activation of that name; ReLUs change x in place, others where that is allowed."""
    match activation:
        case "relu":
            return functional.relu(x, inplace=True)
        case "relu6":
            return functional.relu6(x, inplace=True)
        case "hard_swish":
            return functional.hardswish(x, inplace=in_place)
        case _:
            return x


_NOTHING: frozenset[str] = frozenset()


@cache
def _overwritten(block: Block) -> frozenset[str]:
    return Trace(block).overwritable()


class Tensors(Operations[Tensor]):
    """The operations on tensors; a map of one pixel is (N, C, 1, 1) or (N, C), as a vector is."""

    __slots__ = ("_layers", "_overwritten", "_run")

    def __init__(
        self, layers: dict[str, Layer], run: RunLayer, overwritten: frozenset[str] = _NOTHING
    ) -> None:
        """Takes the layers of a block, what runs one, and which operations write in place."""
        self._layers, self._run, self._overwritten = layers, run, overwritten

    @override
    def layer(self, name: str, x: Tensor) -> Tensor:
        layer = self._layers[name]
        return self._run(layer, as_map(x) if x.ndim == 2 and layer.normalized else x)

    @override
    def mean(self, name: str, x: Tensor) -> Tensor:
        return x.mean((2, 3)) if x.ndim == 4 else x

    @override
    def flatten(self, name: str, x: Tensor) -> Tensor:
        return x.flatten(1)

    @override
    def hard_sigmoid(self, name: str, x: Tensor) -> Tensor:
        return functional.hardsigmoid(x)

    @override
    def multiply(self, name: str, x: Tensor, gate: Tensor) -> Tensor:
        if x.ndim == 4:
            gate = as_map(gate)
            return x.mul_(gate) if name in self._overwritten else x * gate
        return as_map(x) * as_map(gate)

    @override
    def add(self, name: str, x: Tensor, other: Tensor) -> Tensor:
        if x.ndim != other.ndim:
            return as_map(x) + as_map(other)
        return x.add_(other) if name in self._overwritten else x + other

    @override
    def concatenate(self, name: str, parts: Sequence[Tensor]) -> Tensor:
        return torch.cat([as_map(part) for part in parts], 1)


def as_map(x: Tensor) -> Tensor:
    """(N, C) → (N, C, 1, 1); a map as it is."""
    return x[:, :, None, None] if x.ndim == 2 else x
