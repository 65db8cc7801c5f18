"""A network in PyTorch that rounds where its int8 graph rounds, and can still be trained."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor
from typing_extensions import override

from hwnas.core.digests import digest
from hwnas.export.int8.grids import Grid
from hwnas.networks.arithmetic import Tensors, activate, as_map, named_layers, transform
from hwnas.networks.blocks import Block, block_key
from hwnas.networks.conventions import Conventions
from hwnas.networks.folding import FoldedWeights
from hwnas.networks.graph import INPUT, OUTPUT, value_name
from hwnas.networks.layers import Layer
from hwnas.networks.modules import BlockModule
from hwnas.networks.trainable import Trainable

_LARGEST = 127
"""Of an int8 weight: ONNX Runtime leaves -128 out, so that both signs have as many steps."""

Round = Callable[[str, Tensor], Tensor]
"""Rounds the values of a tensor, by its name in the graph."""
Convolve = Callable[[str, Layer, Tensor], Tensor]
"""Runs a layer of a block, by the block's name, with its bias and without its activation."""


class RoundedNetwork(Trainable):
    """A network whose batch norms are folded, with PyTorch's fake-quantise operators.

    Forward it computes with numbers that int8 has. Gradients pass as if nothing was rounded where a
    value is within its grid, and stop where it was cut off (Jacob et al. 2018, arXiv 1712.05877).
    Biases, which int8 graphs hold in 32 bits, are not rounded.
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        weights: Sequence[FoldedWeights],
        grids: Mapping[str, Grid],
        conventions: Conventions,
    ) -> None:
        """Takes a network.

        Args:
            blocks: of the network.
            weights: of each block, batch norm folded in.
            grids: of the tensors that are rounded, by their names in the fp32 graph.
            conventions: of the network.
        """
        super().__init__()
        self.blocks, self.grids, self.conventions = tuple(blocks), dict(grids), conventions
        for index, (block, folded) in enumerate(zip(blocks, weights, strict=True)):
            layers = {
                name: replace(layer, normalized=False, biased="bias" in layer.folded_shapes)
                for name, layer in named_layers(block).items()
            }
            if layers:
                module = BlockModule(block, layers=layers)
                state = {name: torch.tensor(values) for name, values in folded.items()}
                module.load_state_dict(state)
                self.add_module(f"block{index}", module)

    @property
    @override
    def identity(self) -> str:
        rounded = digest(repr(sorted((name, str(grid)) for name, grid in self.grids.items())))
        return "\n".join([*map(block_key, self.blocks), self.conventions.text, rounded])

    @property
    @override
    def classes(self) -> int:
        return self.blocks[-1].out_channels

    def folded(self) -> list[FoldedWeights]:
        """The weights of each block, as `build_graph` takes them."""
        found: list[FoldedWeights] = [{} for _ in self.blocks]
        for name, module in self.named_children():
            found[int(name.removeprefix("block"))] = {
                key: tensor.detach().to("cpu", torch.float32).numpy().copy()
                for key, tensor in module.state_dict().items()
            }
        return found

    def block(self, name: str) -> BlockModule:
        """The module of a block."""
        module = self.get_submodule(name)
        assert isinstance(module, BlockModule)
        return module

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, 3, R, R) → logits (N, classes)."""
        return run_rounded(self.blocks, x, self._convolve, self.round)

    def round(self, name: str, x: Tensor) -> Tensor:
        """A tensor with the values of its grid; as it is, where it has none."""
        grid = self.grids.get(name)
        if grid is None:
            return x
        return torch.fake_quantize_per_tensor_affine(
            x, grid.step, grid.zero, grid.lowest, grid.highest
        )

    def _convolve(self, block: str, layer: Layer, x: Tensor) -> Tensor:
        module = self.block(block).layer(layer.name)
        return transform(x, rounded_weight(module.weight), module.bias, layer)


def rounded_weight(weight: Tensor) -> Tensor:
    """A weight (out, in, k, k) in steps of each output channel, as ONNX Runtime takes them."""
    most = weight.detach().abs().amax((1, 2, 3))
    steps = (most / _LARGEST).clamp_min(torch.finfo(torch.float32).tiny)
    zeros = torch.zeros(len(steps), dtype=torch.int32, device=steps.device)
    return torch.fake_quantize_per_channel_affine(weight, steps, zeros, 0, -_LARGEST, _LARGEST)


def run_rounded(blocks: Sequence[Block], x: Tensor, convolve: Convolve, round_: Round) -> Tensor:
    """Images (N, 3, R, R) → logits (N, classes), where each tensor of the graph can be rounded."""
    x = round_(INPUT, x)
    for index, block in enumerate(blocks):
        name = f"block{index}"

        def run(layer: Layer, x: Tensor, name: str = name) -> Tensor:
            x = round_(value_name(name, layer.name), convolve(name, layer, x))
            if layer.activation == "none":
                return x
            activated = activate(x, layer.activation)
            return round_(value_name(name, layer.name, layer.activation), activated)

        x = block.compute(_Rounding(block, run, partial(_in_block, round_, name)), x)
        x = x if block.gives_logits else as_map(x)
    return round_(OUTPUT, x)


def _in_block(round_: Round, block: str, operation: str, x: Tensor) -> Tensor:
    return round_(value_name(block, operation), x)


class _Rounding(Tensors):
    """The operations of a block, each of which may round what it gives."""

    __slots__ = ("_round",)

    def __init__(self, block: Block, run: Callable[[Layer, Tensor], Tensor], round_: Round) -> None:
        super().__init__(named_layers(block), run)
        self._round = round_

    @override
    def mean(self, name: str, x: Tensor) -> Tensor:
        return self._round(name, super().mean(name, x))

    @override
    def flatten(self, name: str, x: Tensor) -> Tensor:
        return self._round(name, super().flatten(name, x))

    @override
    def hard_sigmoid(self, name: str, x: Tensor) -> Tensor:
        return self._round(name, super().hard_sigmoid(name, x))

    @override
    def multiply(self, name: str, x: Tensor, gate: Tensor) -> Tensor:
        return self._round(name, super().multiply(name, x, gate))

    @override
    def add(self, name: str, x: Tensor, other: Tensor) -> Tensor:
        return self._round(name, super().add(name, x, other))

    @override
    def concatenate(self, name: str, parts: Sequence[Tensor]) -> Tensor:
        return self._round(name, super().concatenate(name, parts))
