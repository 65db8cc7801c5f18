"""Networks that exports are tried with: of the shipped spaces, and such as no published one is."""

from dataclasses import replace

import numpy as np
import torch

from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual, Network
from hwnas.networks.modules import BatchNorm, NetworkModule
from hwnas.spaces import load_space

STEM = ConvBlock(3, 12, 5, 2, "relu6", 40)
MIDDLE = (
    ConvBlock(12, 20, 3, 1, "hard_swish", 20),
    InvertedResidual(20, 20, 20, 5, 1, 7, "relu", 20),
    InvertedResidual(20, 88, 36, 7, 2, 13, "relu6", 20),
    InvertedResidual(36, 8, 36, 1, 1, 3, "hard_swish", 10),
    ConvBlock(36, 44, 5, 2, "relu", 10),
)
ODD: dict[str, tuple[Network, float]] = {
    "kernels, channels and squeezes that no published network has": (
        (STEM, *MIDDLE, Head(44, 52, 0, 10, "relu6", 5)),
        1e-5,
    ),
    "a head of another activation": ((STEM, *MIDDLE, Head(44, 52, 0, 10, "relu", 5)), 1e-3),
    "a hidden layer": ((replace(STEM, kernel=3), *MIDDLE, Head(44, 50, 30, 10, "relu6", 5)), 1e-2),
    "TensorFlow's padding": (
        (
            replace(STEM, same_padding=True),
            *(replace(one, same_padding=one.stride > 1) for one in MIDDLE),
            Head(44, 52, 0, 10, "relu6", 5),
        ),
        1e-3,
    ),
    "less than a 32nd of the image left": (
        (
            replace(STEM, resolution=80),
            *(InvertedResidual(12, 48, 12, 3, 2, 0, "relu6", size) for size in (40, 20, 10, 5, 3)),
            Head(12, 20, 0, 10, "relu6", 2),
        ),
        1e-5,
    ),
}
"""Each with the epsilon of its batch norms."""


def sampled(name: str) -> Network:
    """A network of a shipped space."""
    space = load_space(name, resolution=32, classes=10)
    return space.network(space.sample(np.random.default_rng(1), 1)[0])


def randomised(module: NetworkModule) -> NetworkModule:
    """Gives batch norms and biases values that a wrong place for them would show."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for tensor in (one for one in module.parameters() if one.dim() == 1):
            tensor.uniform_(0.5, 1.5, generator=generator)
        for norm in (one for one in module.modules() if isinstance(one, BatchNorm)):
            norm.running_mean.normal_(0, 0.2, generator=generator)
            norm.running_var.uniform_(0.01, 2, generator=generator)
    return module
