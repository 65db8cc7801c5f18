"""ImageDataset: images of one size with labels, in three splits."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwnas.core.digests import DIGITS, digest
from hwnas.core.errors import DataError

Images = NDArray[np.uint8]
"""(N, 3, R, R) RGB, 0 to 255."""


@dataclass(frozen=True, eq=False)
class Split:
    """Some images and their labels.

    `stored_digest` is the digest where it is known already: images in a cache may be more than fit
    in memory, and are then not read as a whole at every start.
    """

    images: Images
    labels: NDArray[np.int64]
    stored_digest: str | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def resolution(self) -> int:
        """Height and width of every image."""
        return int(self.images.shape[-1])

    def sample(self, count: int) -> "Split":
        """At most so many of them, drawn at random, always the same ones."""
        chosen = np.random.default_rng(0).permutation(len(self))[:count]
        return Split(self.images[chosen], self.labels[chosen])

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits that change with any label or pixel."""
        if self.stored_digest is not None:
            return self.stored_digest
        state = hashlib.sha256(repr(self.images.shape).encode())
        state.update(np.ascontiguousarray(self.labels).data)
        state.update(np.ascontiguousarray(self.images).data)
        return state.hexdigest()[:DIGITS]


@dataclass(frozen=True, eq=False)
class ImageDataset:
    """Images for training, for choosing networks (validation), and for the final word (test).

    `skipped` are the unreadable files that were left out, relative to the folder; `notes` are
    sentences for the person who reads them, about how the images were read. `deep_bits` are how
    many bits of files with more than 8 a channel were scaled to 8.
    """

    name: str
    class_names: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    deep_bits: int = 16

    @property
    def resolution(self) -> int:
        """Height and width of every image."""
        return self.train.resolution

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with any class name, label, pixel or split."""
        parts = [*self.class_names, *(s.digest for s in (self.train, self.validation, self.test))]
        return digest("\0".join(parts).encode("utf-8", "surrogateescape"))


def check_same_images(one: ImageDataset, other: ImageDataset) -> None:
    """Refuses images at two resolutions that are not the same ones in the same order.

    Raises:
        DataError: they differ in classes, in the labels of a split, or in what could not be read.
    """
    labels = [
        [split.labels.tolist() for split in (images.train, images.validation, images.test)]
        for images in (one, other)
    ]
    same = (one.class_names, one.skipped) == (other.class_names, other.skipped)
    if not same or labels[0] != labels[1]:
        raise DataError(
            f"{one.name} has other images at {one.resolution} pixels than at {other.resolution}; "
            "leave the images alone while they are read, or name one resolution"
        )


def fingerprint_of(datasets: Sequence[ImageDataset]) -> str:
    """The fingerprint of the same images at several resolutions; of one, its own."""
    found = [dataset.fingerprint for dataset in datasets]
    return found[0] if len(found) == 1 else digest("\0".join(found))
