"""Pixels → network input: the same numbers in training, evaluation and the exported config."""

from typing import TYPE_CHECKING, Any

from hwnas.data.dataset import Images

if TYPE_CHECKING:
    import torch

# Of ImageNet's training images, scaled to 0..1, as every published MobileNet uses them.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def to_input(images: Images) -> "torch.Tensor":
    """Normalised float32 images for a network.

    Args:
        images: (N, 3, R, R) uint8.

    Returns:
        (N, 3, R, R) float32 in the channels_last memory format.
    """
    import torch

    mean = torch.tensor(MEAN).view(1, 3, 1, 1)
    std = torch.tensor(STD).view(1, 3, 1, 1)
    pixels = torch.from_numpy(images).to(torch.float32, memory_format=torch.channels_last)
    return pixels.mul_(1 / (255 * std)).sub_(mean / std)


def describe(resolution: int) -> dict[str, Any]:
    """What an application must do with an image before inference, for `config.json`."""
    return {
        "resolution": resolution,
        "resize": "shorter side to the resolution, bilinear with antialiasing, then centre crop",
        "channel_order": "RGB",
        "layout": "NCHW",
        "scale": "divide by 255, subtract mean, divide by std",
        "mean": list(MEAN),
        "std": list(STD),
    }
