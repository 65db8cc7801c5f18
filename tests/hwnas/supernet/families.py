"""Small families of spaces, of several resolutions and widths."""

from pathlib import Path

import numpy as np

from hwnas.data import ImageDataset, Split
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual, Skip
from hwnas.spaces import SearchSpace, Slot, SpaceFamily, load_space
from tests.hwnas.supernet.helpers import images

YAML = """
name: tiny
resolution: 12
classes: 10
stem: {channels: 16, kernel: 3, stride: 2, activation: hard_swish}
first: {channels: 16, activation: relu, squeeze_excite: true}
stages:
  - {channels: 16, stride: 1, depth: [1, 2], kernels: [3, 5], expansions: [1, 2],
     activation: relu, squeeze_excite: [false, true]}
  - {channels: 32, stride: 2, depth: [0, 2], kernels: [3, 7], expansions: [2, 4],
     activation: hard_swish}
head: {features: 32, hidden: 24, activation: hard_swish}
"""


def tiny_family(
    folder: Path, resolutions: tuple[int, ...] = (8, 12), widths: tuple[float, ...] = (0.5, 1.0)
) -> SpaceFamily:
    """Four members with every sharing there is; all channels differ between the widths."""
    path = folder / "family.yaml"
    path.write_text(YAML)
    found = load_space(str(path), resolution=resolutions, width=widths)
    assert isinstance(found, SpaceFamily)
    return found


def odd_space(width: float) -> SearchSpace:
    """Channels that published networks round as they like.

    Of the block, narrow ones expand and wide ones do not; a narrow network may skip what is a
    projection in a wide one, and both have the same features.
    """
    narrow = width < 1
    stem = ConvBlock(3, 8 if narrow else 16, 3, 1, "relu", 8)
    inputs = stem.out_channels
    first = InvertedResidual(inputs, 16, 16, 3, 1, 8, "relu", 8)
    skip = Skip(16, 8) if narrow else ConvBlock(16, 24, 1, 1, "none", 8)
    out = skip.out_channels
    choices = (skip, *(InvertedResidual(16, size, out, 3, 1, 0, "relu", 8) for size in (16, 32)))
    head = Head(out, 20, 0, 10, "relu", 8)
    return SearchSpace("odd", (stem, first), (Slot(0, choices),), (head,), width=width)


def odd_family() -> SpaceFamily:
    """Both of them."""
    return SpaceFamily("odd of widths 0.5, 1", (odd_space(0.5), odd_space(1.0)))


def same_images(count: int, resolutions: tuple[int, ...] = (8, 12)) -> list[Split]:
    """Random images with the same labels at every resolution."""
    labels = images(count).labels
    return [Split(images(count, each).images, labels) for each in resolutions]


def same_datasets(resolutions: tuple[int, ...] = (8, 12)) -> list[ImageDataset]:
    """Training and validation images at every resolution."""
    names = tuple(map(str, range(10)))
    train, validation = same_images(40, resolutions), same_images(30, resolutions)
    return [
        ImageDataset("noise", names, one, other, other)
        for one, other in zip(train, validation, strict=True)
    ]


def rows_of_every_member(space: SpaceFamily) -> np.ndarray:
    """Each choice of each slot at least once in every width, and every member in turns."""
    longest = int(space.choice_counts[1:].max())
    rows = [
        [member, *np.minimum(index, space.choice_counts[1:] - 1)]
        for member in range(len(space.members))
        for index in range(longest)
        if len(space.resolutions) == 1 or index % 2 == (space.members[member].resolution == 8)
    ]
    return space.canonical(np.array(rows))
