"""The same images at several resolutions."""

from collections.abc import Sequence
from operator import attrgetter

import numpy as np

from hwnas.core.digests import digest
from hwnas.core.errors import DataError
from hwnas.data.dataset import ImageDataset, Split


def by_resolution(split: Split | Sequence[Split]) -> tuple[Split, ...]:
    """The same images at one resolution or several, from the smallest.

    Raises:
        ValueError: there are none, they are not the same ones, or twice at one resolution.
    """
    if isinstance(split, Split):
        return (split,)
    splits = tuple(sorted(split, key=attrgetter("resolution")))
    if len({each.resolution for each in splits}) < max(1, len(splits)):
        raise ValueError("the images of a training must be there once at each resolution")
    for each in splits[1:]:
        if not np.array_equal(each.labels, splits[0].labels):
            raise ValueError(
                f"the images at {each.resolution} pixels have other labels than those at "
                f"{splits[0].resolution}"
            )
    return splits


def digest_of(splits: Sequence[Split]) -> str:
    """The digest of the same images at several resolutions; that of the one where there is one."""
    if len(splits) == 1:
        return splits[0].digest
    return digest("\0".join(split.digest for split in splits))


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
