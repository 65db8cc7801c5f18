"""What `auto` means in the settings of a training: numbers that follow from the images."""

import math
from dataclasses import dataclass

from hwnas.core.configs import parse_config
from hwnas.training.train_config import TrainConfig, TrainSettings

ENOUGH_STEPS = 1500
"""A supernet of fewer steps judges badly: docs/guides/images.md, "Few images"."""


def short_training(steps: int) -> str | None:
    """A warning of a supernet of too few steps to judge by; None where they are enough."""
    if steps >= ENOUGH_STEPS:
        return None
    return (
        f"the supernet trains for {steps:,} steps; below some {ENOUGH_STEPS:,} it judges badly and "
        "what it finds is weak: write 'epochs: auto' and 'batch_size: auto' under train and "
        "fine_tune, or start from configs/searches/photos.yaml"
    )


# An epoch of few images has at least some steps, and a batch enough images for batch norm.
_STEPS_OF_AN_EPOCH = 32
_SMALLEST_BATCH, _LARGEST_BATCH = 32, 128
# The share of the training that warms up, and the share of an image that crops move it by.
_WARMUP, _CROP = 0.05, 1 / 8


@dataclass(frozen=True)
class Length:
    """How long a training is at least, in both ways, and its learning rate at batches of 128."""

    epochs: int
    steps: int
    learning_rate: float


SUPERNET_LENGTH = Length(40, ENOUGH_STEPS, 0.3)
FINE_TUNING = Length(15, 600, 0.05)


def auto_batch(images: int) -> int:
    """A power of two from 32 to 128, for 32 steps an epoch or more where the images allow it."""
    size = 1 << int(math.log2(max(1, images // _STEPS_OF_AN_EPOCH)))
    return min(_LARGEST_BATCH, max(_SMALLEST_BATCH, size))


def steps_of_epoch(config: TrainConfig, images: int) -> int:
    """How many batches an epoch of so many images has; a remainder is left out."""
    return max(1, images // min(config.batch_size, images))


def resolved(settings: TrainSettings, images: int, resolution: int, length: Length) -> TrainConfig:
    """The numbers that settings mean for a number of training images of some pixels.

    - `batch_size`: see `auto_batch`.
    - `epochs`: as many as the length asks for, in epochs and in steps. A supernet of several
      resolutions or widths has no more: its members share the weights that every step trains.
    - `learning_rate`: in proportion to the batch (Goyal et al. 2017, arXiv 1706.02677).
    - `warmup_epochs`: a twentieth of the epochs.
    - `crop_padding`: an eighth of the resolution: 4 of 32 pixels, as is usual on CIFAR.

    Raises:
        ConfigError: the numbers do not go together.
    """
    given = settings.model_dump()
    batch = given["batch_size"]
    if batch == "auto":
        batch = given["batch_size"] = auto_batch(images)
    of_epoch = max(1, images // min(batch, images))
    if given["epochs"] == "auto":
        given["epochs"] = max(length.epochs, math.ceil(length.steps / of_epoch))
    if given["learning_rate"] == "auto":
        given["learning_rate"] = length.learning_rate * min(batch, images) / 128
    if given["warmup_epochs"] == "auto":
        given["warmup_epochs"] = _WARMUP * given["epochs"]
    if given["crop_padding"] == "auto":
        given["crop_padding"] = max(1, round(_CROP * resolution))
    return parse_config(given, TrainConfig, "with numbers in place of auto")
