"""A dataset for hwnas: stripes that run across, down or along a diagonal.

A function that returns images in three splits is all of a dataset. These are drawn; others would
be read from files, and come at the resolution that is asked for.
"""

import numpy as np

from hwnas.data import ImageDataset, Split

NAMES = ("across", "down", "diagonal")
_IMAGES = 300


def load(*, resolution: int, limit: int | None = None, strict: bool = False) -> ImageDataset:
    """Images of three kinds of stripes, two thirds of them to train.

    Args:
        resolution: height and width of the images, in pixels.
        limit: at most so many images.
        strict: would refuse unreadable files, of which there are none here.
    """
    del strict
    count = _IMAGES if limit is None else min(limit, _IMAGES)
    sixth = max(1, count // 6)
    sizes = {"train": count - 2 * sixth, "validation": sixth, "test": sixth}
    splits = {name: _draw(size, resolution, name) for name, size in sizes.items()}
    return ImageDataset("stripes", NAMES, **splits)


load.class_names = NAMES  # so that they are known without drawing images


def _draw(count: int, resolution: int, name: str) -> Split:
    generator = np.random.default_rng(list(name.encode()))
    labels = np.arange(count, dtype=np.int64) % len(NAMES)
    rows, columns = np.indices((resolution, resolution))
    phases = np.stack([rows, columns, rows + columns])[labels] * (8 * np.pi / resolution)
    shifts = generator.uniform(0, 2 * np.pi, (count, 1, 1))
    grey = 127.5 + 80 * np.sin(phases + shifts) + generator.normal(0, 15, phases.shape)
    pixels = np.clip(grey, 0, 255).astype(np.uint8)
    return Split(np.repeat(pixels[:, None], 3, axis=1), labels)
