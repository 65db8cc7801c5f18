"""MobileNetV3: tables 1 and 2 of Howard et al. 2019 (arXiv 1905.02244)."""

from collections.abc import Iterator

from hwnas.networks.blocks import Block, ConvBlock, Head, InvertedResidual
from hwnas.networks.channels import make_divisible, squeeze_channels
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.spaces.references.library import (
    OF_TENSORFLOW,
    TENSORFLOW,
    TIMM,
    TORCHVISION,
    Build,
    Library,
    Published,
)

RE, HS = "relu", "hard_swish"

# kernel, expanded channels, channels, squeeze-excite, activation, stride
_LARGE = (
    (3, 16, 16, False, RE, 1),
    (3, 64, 24, False, RE, 2),
    (3, 72, 24, False, RE, 1),
    (5, 72, 40, True, RE, 2),
    (5, 120, 40, True, RE, 1),
    (5, 120, 40, True, RE, 1),
    (3, 240, 80, False, HS, 2),
    (3, 200, 80, False, HS, 1),
    (3, 184, 80, False, HS, 1),
    (3, 184, 80, False, HS, 1),
    (3, 480, 112, True, HS, 1),
    (3, 672, 112, True, HS, 1),
    (5, 672, 160, True, HS, 2),
    (5, 960, 160, True, HS, 1),
    (5, 960, 160, True, HS, 1),
)
_SMALL = (
    (3, 16, 16, True, RE, 2),
    (3, 72, 24, False, RE, 2),
    (3, 88, 24, False, RE, 1),
    (5, 96, 40, True, HS, 2),
    (5, 240, 40, True, HS, 1),
    (5, 240, 40, True, HS, 1),
    (5, 120, 48, True, HS, 1),
    (5, 144, 48, True, HS, 1),
    (5, 288, 96, True, HS, 2),
    (5, 576, 96, True, HS, 1),
    (5, 576, 96, True, HS, 1),
)


def _mobilenet_v3(
    rows: tuple[tuple[int, int, int, bool, str, int], ...], features: int, hidden: int
) -> Build:
    def build(library: Library, resolution: int, classes: int, width: float) -> Iterator[Block]:
        of_timm = library.name == TIMM.name
        # timm keeps the stem of the narrowest networks as wide as it is.
        stem = 16 if of_timm and width < 0.75 else make_divisible(16 * width)
        last: Block = ConvBlock(3, stem, 3, 2, HS, resolution, library.same_padding)
        yield last
        published = 16
        for kernel, expanded, channels, squeezes, activation, stride in rows:
            inside = make_divisible(expanded * width)
            if of_timm:
                # It expands what comes in, already rounded, by the ratio of the published
                # channels, to two digits behind the point.
                ratio = round(expanded / published, 2)
                inside = make_divisible(last.out_channels * ratio) if ratio != 1 else stem
            last = InvertedResidual(
                last.out_channels,
                inside,
                make_divisible(channels * width),
                kernel,
                stride,
                squeeze_channels(inside) if squeezes else 0,
                activation,
                last.out_resolution,
                library.pads(stride),
            )
            yield last
            published = channels
        # torchvision's are six times the last channels, and its hidden layer is scaled; timm's is
        # not.
        wide = make_divisible(features * width) if of_timm else 6 * last.out_channels
        layer = hidden if of_timm else make_divisible(hidden * width)
        yield Head(last.out_channels, wide, layer, classes, HS, last.out_resolution)

    return build


_CONVENTIONS = {
    TORCHVISION: Conventions(epsilon=1e-3, momentum=0.01),
    TIMM: USUAL,
    TENSORFLOW: OF_TENSORFLOW,
}
MOBILENET_V3_SMALL = Published(_mobilenet_v3(_SMALL, 576, 1024), _CONVENTIONS)
MOBILENET_V3_LARGE = Published(_mobilenet_v3(_LARGE, 960, 1280), _CONVENTIONS)
