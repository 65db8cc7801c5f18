"""Networks as they are judged: batch norms folded into convolutions, activations fused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

import torch
from torch import Tensor
from torch.nn import functional

from hwnas.networks.arithmetic import activate, convolve, named_layers, run_block, transform
from hwnas.networks.blocks import Block
from hwnas.networks.conventions import USUAL
from hwnas.networks.layers import Layer
from hwnas.networks.modules import BlockModule, LayerModule, NetworkModule, Path

LayerName = tuple[int, str]
"""The place of a block in its path, and the name of a layer in the block."""
Moments = tuple[Tensor, Tensor]
"""Mean (C,) and variance (C,) of channels."""

# oneDNN's names for activations, with their parameters, as PyTorch's own compiler passes them.
_FUSED: dict[str, tuple[str, list[float], str]] = {
    "none": ("none", [], ""),
    "relu": ("relu", [], ""),
    "relu6": ("hardtanh", [0.0, 6.0], ""),
    "hard_swish": ("hardswish", [], ""),
}


@dataclass(frozen=True)
class WeightedLayer:
    """A layer and the tensors that it computes with, by the names of `LayerModule.cut`.

    One with batch norm folded in has "weight" and "bias", as one that never had it.
    """

    layer: Layer
    tensors: Mapping[str, Tensor]
    epsilon: float

    def folded(self, moments: Moments) -> "WeightedLayer":
        """With a batch norm of a mean and a variance folded into its weight and bias."""
        scale, shift = self.scale_and_shift(moments)
        weight = self.tensors["weight"] * scale[:, None, None, None]
        return WeightedLayer(self.layer, {"weight": weight, "bias": shift}, self.epsilon)

    def scale_and_shift(self, moments: Moments) -> tuple[Tensor, Tensor]:
        """What its batch norm, of a mean and a variance, multiplies by (C,) and then adds (C,)."""
        mean, variance = moments
        scale = self.tensors["norm.weight"] * torch.rsqrt(variance + self.epsilon)
        return scale, torch.addcmul(self.tensors["norm.bias"], mean, scale, value=-1)

    def behind(self, scale: Tensor, shift: Tensor) -> "WeightedLayer":
        """A 1×1 convolution with a bias, of inputs that still lack a scale and a shift (in,)."""
        weight = self.tensors["weight"]
        bias = torch.addmv(self.tensors["bias"], weight.flatten(1), shift)
        tensors = {"weight": weight * scale[:, None, None], "bias": bias}
        return WeightedLayer(self.layer, tensors, self.epsilon)

    def run(self, x: Tensor) -> Tensor:
        """Convolution, bias and activation; in inference mode, and without batch norm."""
        layer, weight, bias = self.layer, self.tensors["weight"], self.tensors.get("bias")
        if _can_fuse(x):
            return _fused(layer, weight, bias, x, layer.activation)
        return activate(transform(x, weight, bias, layer), layer.activation, in_place=True)

    def convolve(self, x: Tensor) -> Tensor:
        """The convolution alone."""
        if _can_fuse(x):
            return _fused(self.layer, self.tensors["weight"], None, x, "none")
        return convolve(x, self.tensors["weight"], self.layer)


@cache
def keep_memory() -> None:
    """Has the process keep the memory of freed tensors of up to 32 MiB for the next ones.

    The C library gives large blocks back to the system at once, and new ones cost a fault for each
    page: 15 % of the time of a judgement. One block that is freed raises its limits to that size.
    """
    torch.empty(2**23 - 2**12)


WeightedBlock = tuple[Block, Mapping[str, WeightedLayer]]
"""A block and its layers by name."""


def weighted_blocks(path: Path, device: torch.device) -> list[WeightedBlock]:
    """The blocks of a path with views of its modules' weights, or copies on another device."""
    return [weighted_block(module, block, device) for module, block in path]


def weighted_block(module: BlockModule, block: Block, device: torch.device) -> WeightedBlock:
    """One of them."""
    layers = named_layers(block).items()
    return block, {name: _weighted(module.layer(name), layer, device) for name, layer in layers}


def _weighted(module: LayerModule, layer: Layer, device: torch.device) -> WeightedLayer:
    tensors = {name: tensor.to(device) for name, tensor in module.cut(layer).items()}
    epsilon = USUAL.epsilon if module.norm is None else module.norm.epsilon
    return WeightedLayer(layer, tensors, epsilon)


def running_statistics(network: NetworkModule) -> dict[LayerName, Moments]:
    """The running mean and variance of each batch norm of a network, views of its own."""
    return {
        (index, name): (module.norm.running_mean, module.norm.running_var)
        for index, (block, _) in enumerate(network.path)
        for name, module in block.layers()
        if module.norm is not None
    }


class FoldedNetwork:
    """Blocks whose batch norms have given statistics, for `torch.inference_mode` alone."""

    def __init__(
        self, blocks: Sequence[WeightedBlock], statistics: Mapping[LayerName, Moments]
    ) -> None:
        """Folds the mean and variance of each layer that has a batch norm."""
        self._blocks = [
            (
                block,
                {
                    name: one.folded(statistics[index, name]) if one.layer.normalized else one
                    for name, one in layers.items()
                },
            )
            for index, (block, layers) in enumerate(blocks)
        ]

    def __call__(self, x: Tensor) -> Tensor:
        """Images (N, 3, R, R) → logits (N, classes)."""
        for block, layers in self._blocks:
            x = run_block(block, partial(_run, layers), x, in_place=True)
        return x


def _run(layers: Mapping[str, WeightedLayer], layer: Layer, x: Tensor) -> Tensor:
    return layers[layer.name].run(x)


def _can_fuse(x: Tensor) -> bool:
    # Of one pixel PyTorch cannot see the memory format, see `convolve`.
    return x.ndim == 4 and x.shape[-1] > 1 and x.device.type == "cpu" and _fuses()


@cache
def _fuses() -> bool:
    available = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return available and hasattr(torch.ops.mkldnn, "_convolution_pointwise")


def _fused(layer: Layer, weight: Tensor, bias: Tensor | None, x: Tensor, activation: str) -> Tensor:
    """Convolution, bias and activation in one pass over the memory.

    The operator is the one that `torch.compile` makes of the three; calling it needs no compiler.
    """
    before, behind = layer.padding
    if before != behind:
        # The operator's sides are equal. A kernel that begins with a row and a column of zeros
        # computes the same, and takes half the time of a copy of the input with zeros around it.
        weight = functional.pad(weight, (1, 0, 1, 0))
    sides, stride = [behind] * 2, [layer.stride] * 2
    result: Tensor = torch.ops.mkldnn._convolution_pointwise(
        x, weight, bias, sides, stride, [1, 1], layer.groups, *_FUSED[activation]
    )
    return result
