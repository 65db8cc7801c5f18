"""ImageDataset: images of one size with labels, in three splits."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwnas.core.digests import DIGITS, digest

Images = NDArray[np.uint8]
"""(N, 3, R, R) RGB, 0 to 255."""

_SPLITS = ("train", "validation", "test")


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

    def at(self, places: NDArray[np.int64]) -> "Split":
        """Those at some places, in that order."""
        return Split(self.images[places], self.labels[places])

    def sample(self, count: int) -> "Split":
        """At most so many of them, drawn at random, always the same ones."""
        return self.at(np.random.default_rng(0).permutation(len(self))[:count])

    def of_classes(self, classes: NDArray[np.int64]) -> "Split":
        """Those with one of some labels, which they keep, in their order."""
        return self.at(np.flatnonzero(np.isin(self.labels, classes)))

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

    def of_classes(self, classes: NDArray[np.int64]) -> "ImageDataset":
        """The images of some classes alone; there are as many classes as before."""
        splits = {name: getattr(self, name).of_classes(classes) for name in _SPLITS}
        return replace(self, **splits)

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with any class name, label, pixel or split."""
        parts = [*self.class_names, *(s.digest for s in (self.train, self.validation, self.test))]
        return digest("\0".join(parts).encode("utf-8", "surrogateescape"))
