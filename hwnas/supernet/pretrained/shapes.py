"""The blocks of a published network, in the shapes of its tensors."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from torch import Tensor

from hwnas.networks.blocks import (
    Block,
    ConvBlock,
    Head,
    InvertedResidual,
    Network,
    UniversalInvertedResidual,
)
from hwnas.supernet.pretrained.kinds import layer_tensors
from hwnas.supernet.pretrained.matching import Match

_LISTED = 3
_Shape = tuple[int, ...]


def shaped(match: Match, like: Network) -> tuple[Network, dict[str, Tensor]]:
    """A network in the shapes of a checkpoint's tensors, and those by our names.

    Args:
        match: what the tensors are.
        like: the same network at any width: kernels, strides, activations, padding.

    Raises:
        ConfigError: tensors are missing, unexpected, or of another shape; named as in their file.
    """
    state = match.state()
    found: list[Block] = []
    channels, resolution = like[0].in_channels, like[0].resolution
    for index, template in enumerate(like):
        out = {
            layer.name: _out_channels(match, state, f"block{index}.{layer.name}.weight")
            for layer in template.layers()
        }
        block = _with_channels(template, channels, resolution, out)
        if [layer.name for layer in block.layers()] != list(out):
            expand = match.theirs(f"block{index}.expand.weight")
            raise match.misfit(f"{expand} gives as many channels as it takes, which hwnas cannot")
        found.append(block)
        channels, resolution = block.out_channels, block.out_resolution
    wanted = _shapes(found)
    faults = [
        f"{match.theirs(name)} has the shape {tuple(tensor.shape)} and not {wanted[name]}"
        for name, tensor in state.items()
        if _four(tuple(tensor.shape)) != _four(wanted[name])
    ]
    if faults:
        raise match.misfit(", ".join(faults[:_LISTED]))
    return tuple(found), {name: tensor.reshape(wanted[name]) for name, tensor in state.items()}


def _shapes(network: Sequence[Block]) -> dict[str, _Shape]:
    """The shape of every tensor of a network, by our names."""
    found: dict[str, _Shape] = {}
    for index, block in enumerate(network):
        for layer in block.layers():
            for part in layer_tensors(layer):
                shape = layer.weight_shape if part == "weight" else (layer.out_channels,)
                found[f"block{index}.{layer.name}.{part}"] = shape
    return found


def _with_channels(block: Block, channels: int, resolution: int, out: Mapping[str, int]) -> Block:
    """A block with the channels of its input, and of the output of each of its layers."""
    if isinstance(block, ConvBlock):
        return replace(block, in_channels=channels, out_channels=out["conv"], resolution=resolution)
    if isinstance(block, InvertedResidual):
        return replace(
            block,
            in_channels=channels,
            expanded_channels=out["expand"] if block.expands else channels,
            out_channels=out["project"],
            squeeze_channels=out.get("squeeze_reduce", 0),
            resolution=resolution,
        )
    if isinstance(block, UniversalInvertedResidual):
        return replace(
            block,
            in_channels=channels,
            expanded_channels=out["expand"],
            out_channels=out["project"],
            resolution=resolution,
        )
    assert isinstance(block, Head)
    return replace(
        block,
        in_channels=channels,
        feature_channels=out["features"],
        hidden_channels=out.get("hidden", 0),
        classes=out["classifier"],
        resolution=resolution,
    )


def _out_channels(match: Match, state: Mapping[str, Tensor], name: str) -> int:
    shape = tuple(state[name].shape)
    if not shape or shape[0] < 1:
        raise match.misfit(f"{match.theirs(name)} has the shape {shape}")
    return shape[0]


def _four(shape: _Shape) -> _Shape:
    """A matrix is a 1×1 convolution."""
    return (*shape, 1, 1) if len(shape) == 2 else tuple(shape)
