"""Training batches: order and augmentation that follow from the seed and the step alone.

So a training that was killed continues with the same batches, and no generator's state has to be
kept.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from hwnas.data.dataset import Images, Split

# Streams of random numbers that must not be the same ones.
ORDER, AUGMENTATION, PATH = range(3)


def stream(seed: int, purpose: int, number: int) -> np.random.Generator:
    """The generator of one purpose at one step (or epoch)."""
    return np.random.default_rng([seed, purpose, number])


class Batches:
    """The batches of a training: every epoch a new order, a remainder below a batch left out."""

    def __init__(
        self, split: Split, batch_size: int, *, seed: int, flip: bool, crop_padding: int
    ) -> None:
        self._split = split
        self._size = min(batch_size, len(split))
        self._seed, self._flip, self._padding = seed, flip, crop_padding
        self._epoch, self._order = -1, np.empty(0, np.int64)

    @property
    def per_epoch(self) -> int:
        """Steps in an epoch."""
        return len(self._split) // self._size

    @property
    def size(self) -> int:
        """Images in a batch."""
        return self._size

    def get(self, step: int) -> tuple[Images, NDArray[np.int64]]:
        """Augmented images (B, 3, R, R) and labels (B,) of a step."""
        epoch, position = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            generator = stream(self._seed, ORDER, epoch)
            self._epoch, self._order = epoch, generator.permutation(len(self._split))
        chosen = self._order[position * self._size : (position + 1) * self._size]
        generator = stream(self._seed, AUGMENTATION, step)
        images = shift(self._split.images[chosen], self._padding, generator)
        if self._flip:
            mirrored = generator.random(len(images)) < 0.5
            images[mirrored] = images[mirrored][..., ::-1]
        return images, self._split.labels[chosen]


def shift(images: Images, padding: int, generator: np.random.Generator) -> Images:
    """Each image moved by up to `padding` pixels; its border is repeated where it moved away."""
    if not padding:
        return images
    around = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    padded = np.pad(images, around, mode="edge")
    windows = sliding_window_view(padded, images.shape[2:], axis=(2, 3))
    down, right = generator.integers(0, 2 * padding + 1, size=(2, len(images)))
    return np.ascontiguousarray(windows[np.arange(len(images)), :, down, right])
