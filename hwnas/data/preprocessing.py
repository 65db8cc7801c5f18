"""Pixels → network input: the same numbers in training, evaluation and the exported config."""

from typing import TYPE_CHECKING, Any

import numpy as np

from hwnas.data.dataset import Images

if TYPE_CHECKING:
    import torch

# Of ImageNet's training images, scaled to 0..1, as every published MobileNet uses them.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
# The same as one multiplication and one subtraction in float32: what is computed, and documented.
MULTIPLY = 1 / (255 * np.array(STD, np.float32))
SUBTRACT = np.array(MEAN, np.float32) / np.array(STD, np.float32)


def to_input(images: Images) -> "torch.Tensor":
    """Normalised float32 images for a network.

    Args:
        images: (N, 3, R, R) uint8.

    Returns:
        (N, 3, R, R) float32 in the channels_last memory format.
    """
    import torch

    multiply, subtract = (torch.from_numpy(one).view(1, 3, 1, 1) for one in (MULTIPLY, SUBTRACT))
    pixels = torch.from_numpy(images).to(torch.float32, memory_format=torch.channels_last)
    return pixels.mul_(multiply).sub_(subtract)


def describe(resolution: int, deep_bits: int = 16) -> dict[str, Any]:
    """What an application must do with an image before inference, for `config.json`.

    docs/guides/export.md shows it in Python, to the bit as in training.

    Args:
        resolution: of the network, in pixels.
        deep_bits: how many bits of files with more than 8 a channel are scaled to 8.
    """
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
        "mean": list(MEAN),
        "std": list(STD),
        "multiply": MULTIPLY.tolist(),
        "subtract": SUBTRACT.tolist(),
    }
