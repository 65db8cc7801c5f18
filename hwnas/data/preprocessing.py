"""Pixels → network input: the same numbers in training, evaluation and the exported config."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hwnas.data.dataset import Images
from hwnas.networks.conventions import USUAL, Conventions

if TYPE_CHECKING:
    import torch

Values = NDArray[np.float32]


def multiply_and_subtract(conventions: Conventions) -> tuple[Values, Values]:
    """Division by 255, mean and std as one multiplication and one subtraction, (3,) float32 each.

    They are what is computed, and documented.
    """
    mean, std = np.array(conventions.mean, np.float32), np.array(conventions.std, np.float32)
    return np.float32(1) / (np.float32(255) * std), mean / std


def to_input(images: Images, conventions: Conventions = USUAL) -> "torch.Tensor":
    """Normalised float32 images for a network.

    Args:
        images: (N, 3, R, R) uint8.
        conventions: of the network that is to take them.

    Returns:
        (N, 3, R, R) float32 in the channels_last memory format.
    """
    import torch

    factors = multiply_and_subtract(conventions)
    multiply, subtract = (torch.from_numpy(one).view(1, 3, 1, 1) for one in factors)
    pixels = torch.from_numpy(images).to(torch.float32, memory_format=torch.channels_last)
    return pixels.mul_(multiply).sub_(subtract)


def describe(
    resolution: int, deep_bits: int = 16, conventions: Conventions = USUAL
) -> dict[str, Any]:
    """What an application must do with an image before inference, for `config.json`.

    docs/guides/export.md shows it in Python, to the bit as in training.

    Args:
        resolution: of the network, in pixels.
        deep_bits: how many bits of files with more than 8 a channel are scaled to 8.
        conventions: of the network.
    """
    multiply, subtract = multiply_and_subtract(conventions)
    return {
        "resolution": resolution,
        "deep_bits": deep_bits,
        "deep": "of a file with more than 8 bits a channel, the upper 8 of deep_bits bits",
        "orientation": "turned as its EXIF data say",
        "transparency": "laid over white",
        "draft": "a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, of which both sides are at "
        "least twice the resolution",
        "resize": "shorter side to the resolution, bilinear with antialiasing, then centre crop",
        "channel_order": "RGB",
        "layout": "NCHW",
        "scale": "divide by 255, subtract mean, divide by std; in float32: pixel * multiply - "
        "subtract",
        "mean": list(conventions.mean),
        "std": list(conventions.std),
        "multiply": multiply.tolist(),
        "subtract": subtract.tolist(),
    }
