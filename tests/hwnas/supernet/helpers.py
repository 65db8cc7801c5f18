"""Small spaces, images and randomised weights for the tests of the supernet."""

from pathlib import Path

import numpy as np
import torch

from hwnas.data import Split
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual, Skip
from hwnas.networks.modules import BatchNorm
from hwnas.spaces import SearchSpace, Slot, load_space

TINY_YAML = """
name: tiny
resolution: 16
classes: 10
stem: {channels: 8, kernel: 3, stride: 2, activation: hard_swish}
stages:
  - {channels: 8, stride: 1, depth: [1, 3], kernels: [3, 5], expansions: [1, 2, 3],
     activation: relu, squeeze_excite: true}
  - {channels: 16, stride: 2, depth: [0, 2], kernels: [3, 7], expansions: [2, 4],
     activation: hard_swish}
head: {features: 32, hidden: 24, activation: hard_swish}
"""


def tiny_space(folder: Path) -> SearchSpace:
    """Five slots with every sharing there is: kernels, expansions, squeezes, skips, projections."""
    path = folder / "tiny.yaml"
    path.write_text(TINY_YAML)
    return load_space(str(path))


def squeeze_space() -> SearchSpace:
    """One slot whose choices differ in squeeze-excite too, which no YAML file can say."""
    stem = ConvBlock(3, 8, 3, 1, "relu", 8)
    choices = (
        Skip(8, 8),
        InvertedResidual(8, 8, 8, 3, 1, 0, "relu", 8),
        InvertedResidual(8, 16, 8, 5, 1, 8, "relu", 8),
        InvertedResidual(8, 24, 8, 3, 1, 16, "relu", 8),
    )
    head = Head(8, 16, 0, 10, "relu", 8)
    return SearchSpace("squeeze", (stem,), (Slot(0, choices),), (head,))


def images(count: int, resolution: int = 16, seed: int = 0) -> Split:
    """Random images with random labels of ten classes."""
    generator = np.random.default_rng(seed)
    shape = (count, 3, resolution, resolution)
    pixels = generator.integers(0, 256, shape, dtype=np.uint8)
    return Split(pixels, generator.integers(0, 10, count))


def randomise(network: torch.nn.Module, seed: int = 0) -> None:
    """Statistics, scales, shifts and biases as after a training, none of them 0 or 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, BatchNorm):
                module.weight.uniform_(0.5, 1.5, generator=generator)
                module.bias.normal_(0, 0.3, generator=generator)
                module.running_mean.normal_(0, 0.3, generator=generator)
                module.running_var.uniform_(0.3, 2, generator=generator)
            elif isinstance(getattr(module, "bias", None), torch.nn.Parameter):
                module.bias.normal_(0, 0.3, generator=generator)


def state_bytes(module: torch.nn.Module) -> dict[str, bytes]:
    """Every tensor's name and bytes."""
    return {name: tensor.numpy().tobytes() for name, tensor in module.state_dict().items()}
