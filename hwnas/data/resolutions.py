"""The same images at several resolutions, as a supernet of several is trained on them."""

from collections.abc import Sequence
from operator import attrgetter

import numpy as np

from hwnas.core.digests import digest
from hwnas.data.dataset import Split


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
