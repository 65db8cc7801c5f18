"""Blocks as PyTorch modules: the same arithmetic as `graph.py`, with batch norm apart.

Every module can also run as a narrower one: `layer` and `block` arguments say which part of the
weights to use. The supernet shares weights that way, with no second implementation of a block.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from hwnas.networks.arithmetic import activate, convolve, named_layers, run_block, transform
from hwnas.networks.blocks import Block, Skip, block_key
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.networks.kernels import KernelTransforms, centre
from hwnas.networks.layers import Layer
from hwnas.networks.trainable import Trainable


class BatchNorm(nn.Module):
    """Scale, shift and running statistics of (C,) channels; `LayerModule` applies them."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.momentum = USUAL.momentum
        self.epsilon = USUAL.epsilon


class LayerModule(nn.Module):
    """A convolution, its batch norm or bias, and its activation.

    With `kernels`, the sizes that are cut from it, smaller ones go through trained transforms.
    """

    def __init__(
        self,
        layer: Layer,
        generator: torch.Generator | None = None,
        kernels: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.layer = layer
        self.weight = nn.Parameter(torch.empty(layer.weight_shape))
        self.norm = BatchNorm(layer.out_channels) if layer.normalized else None
        biased = layer.biased and not layer.normalized
        self.bias = nn.Parameter(torch.zeros(layer.out_channels)) if biased else None
        self.transforms = KernelTransforms(kernels) if kernels else None
        # Kaiming: fan-out for convolutions, fan-in for the fully connected layers without norm.
        out, per_group, height, width = layer.weight_shape
        fan = out // layer.groups if layer.normalized else per_group
        scale = math.sqrt(2 / (fan * height * width)) if layer.name != "classifier" else 0.01
        nn.init.normal_(self.weight, 0.0, scale, generator=generator)

    def cut(self, layer: Layer) -> dict[str, Tensor]:
        """The parameters and statistics that a narrower layer shares: first channels, centre.

        Returns:
            Views by state-dict name (a transformed kernel is a new tensor); gradients and running
            statistics flow back through them.
        """
        out, per_group, kernel, _ = layer.weight_shape
        weight = _first(_first(self.weight, 0, out), 1, per_group)
        transforms = self.transforms
        weight = centre(weight, kernel) if transforms is None else transforms(weight, kernel)
        if self.bias is not None:
            return {"weight": weight, "bias": _first(self.bias, 0, out)}
        norm = self.norm
        if norm is None:
            return {"weight": weight}
        return {
            "weight": weight,
            "norm.weight": _first(norm.weight, 0, out),
            "norm.bias": _first(norm.bias, 0, out),
            "norm.running_mean": _first(norm.running_mean, 0, out),
            "norm.running_var": _first(norm.running_var, 0, out),
        }

    def forward(self, x: Tensor, layer: Layer | None = None) -> Tensor:
        """(N, in, R, R) → (N, out, r, r), or (N, in) → (N, out)."""
        layer = layer or self.layer
        tensors = self.cut(layer)
        weight = tensors["weight"]
        if self.norm is None:
            x = transform(x, weight, tensors.get("bias"), layer)
        else:
            x = functional.batch_norm(
                convolve(x, weight, layer),
                tensors["norm.running_mean"],
                tensors["norm.running_var"],
                tensors["norm.weight"],
                tensors["norm.bias"],
                self.training,
                self.norm.momentum,
                self.norm.epsilon,
            )
        return activate(x, layer.activation)

    def extra_repr(self) -> str:
        """The layer, for printing."""
        return str(self.layer)


class BlockModule(nn.Module):
    """A block whose children are its layers, by their names.

    A layer that `kernels` names has transforms from its kernel to the smaller ones. With `layers`
    it holds wider ones than the block's, or more of them, for narrower and other blocks to share.
    """

    def __init__(
        self,
        block: Block,
        generator: torch.Generator | None = None,
        kernels: Mapping[str, Sequence[int]] | None = None,
        layers: Mapping[str, Layer] | None = None,
    ) -> None:
        super().__init__()
        self.block = block
        sizes = kernels or {}
        for name, layer in (named_layers(block) if layers is None else layers).items():
            self.add_module(name, LayerModule(layer, generator, sizes.get(name, ())))

    def cut(self, block: Block) -> dict[str, Tensor]:
        """The parameters and statistics that a narrower block of the same kind shares."""
        return {
            f"{name}.{part}": tensor
            for name, layer in named_layers(block).items()
            for part, tensor in self.layer(name).cut(layer).items()
        }

    def forward(self, x: Tensor, block: Block | None = None) -> Tensor:
        """(N, in, R, R) → (N, out, r, r), or logits (N, classes) of a head."""
        return run_block(block or self.block, self._run, x)

    def layer(self, name: str) -> LayerModule:
        """The module of a layer."""
        module = self._modules[name]
        assert isinstance(module, LayerModule)
        return module

    def layers(self) -> list[tuple[str, LayerModule]]:
        """All layers by name, in the order in which they run."""
        return [(name, self.layer(name)) for name in self._modules]

    def _run(self, layer: Layer, x: Tensor) -> Tensor:
        result: Tensor = self.layer(layer.name)(x, layer)
        return result


Path = list[tuple[BlockModule, Block]]
"""The module that holds the weights of each block of a network, in the order in which they run."""


def build_module(block: Block, generator: torch.Generator | None = None) -> nn.Module:
    """The module of a block, with random weights; a skip's is the identity."""
    return nn.Identity() if isinstance(block, Skip) else BlockModule(block, generator)


class NetworkModule(Trainable):
    """A whole network: children `block0`, `block1`, …, with random weights of a seed.

    A seed of None draws from PyTorch's global generator (and draws nothing on the meta device).
    `conventions` are those of whoever published its weights.
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        seed: int | None = 0,
        conventions: Conventions = USUAL,
    ) -> None:
        super().__init__()
        self.blocks = tuple(blocks)
        self.conventions = conventions
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        for index, block in enumerate(self.blocks):
            self.add_module(f"block{index}", build_module(block, generator))
        follow(self, conventions)

    @property
    def identity(self) -> str:
        """A text that is equal exactly for networks of equal blocks and batch norms."""
        return "\n".join(map(block_key, self.blocks)) + self.conventions.text

    @property
    def classes(self) -> int:
        """Number of logits."""
        return self.blocks[-1].out_channels

    @property
    def path(self) -> Path:
        """The module of each block; skips left out."""
        modules = zip(self.children(), self.blocks, strict=True)
        return [(module, block) for module, block in modules if isinstance(module, BlockModule)]

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, 3, R, R) → logits (N, classes)."""
        for module in self.children():
            x = module(x)
        return x


def follow(module: nn.Module, conventions: Conventions) -> None:
    """Gives all batch norms of a module the epsilon and momentum of some conventions."""
    for norm in module.modules():
        if isinstance(norm, BatchNorm):
            norm.epsilon, norm.momentum = conventions.epsilon, conventions.momentum


def _first(tensor: Tensor, dimension: int, size: int) -> Tensor:
    # A narrow() that takes everything would still cost a node of the backward pass.
    return tensor if tensor.shape[dimension] == size else tensor.narrow(dimension, 0, size)
