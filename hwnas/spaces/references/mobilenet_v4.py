"""MobileNetV4-Conv-Small (Qin et al. 2024, arXiv 2404.10518), as timm 1.0.31 builds it."""

from collections.abc import Iterator

from hwnas.networks.blocks import Block, ConvBlock, Head, UniversalInvertedResidual
from hwnas.networks.channels import make_divisible
from hwnas.networks.conventions import USUAL
from hwnas.spaces.references.library import TIMM, Library, Published

_RE = "relu"
_STEM = 32
# kernel, channels, stride
_CONVOLUTIONS = ((3, 32, 2), (1, 32, 1), (3, 96, 2), (1, 64, 1))
# kernel before the expansion, kernel behind it, stride, expansion, channels
_ROWS = (
    (5, 5, 2, 3, 96),
    (0, 3, 1, 2, 96),
    (0, 3, 1, 2, 96),
    (0, 3, 1, 2, 96),
    (0, 3, 1, 2, 96),
    (3, 0, 1, 4, 96),
    (3, 3, 2, 6, 128),
    (5, 5, 1, 4, 128),
    (0, 5, 1, 4, 128),
    (0, 5, 1, 3, 128),
    (0, 3, 1, 4, 128),
    (0, 3, 1, 4, 128),
)
_FEATURES, _HIDDEN = 960, 1280


def _build(library: Library, resolution: int, classes: int, width: float) -> Iterator[Block]:
    # timm keeps the stem of narrower networks as wide as it is, and the hidden layer of all.
    stem = _STEM if width < 1 else make_divisible(_STEM * width)
    last: Block = ConvBlock(3, stem, 3, 2, _RE, resolution, library.same_padding)
    yield last
    for kernel, channels, stride in _CONVOLUTIONS:
        last = ConvBlock(
            last.out_channels,
            make_divisible(channels * width),
            kernel,
            stride,
            _RE,
            last.out_resolution,
            library.pads(stride),
        )
        yield last
    for start, middle, stride, expansion, channels in _ROWS:
        last = UniversalInvertedResidual(
            last.out_channels,
            last.out_channels * expansion,
            make_divisible(channels * width),
            start,
            middle,
            stride,
            _RE,
            last.out_resolution,
            library.pads(stride),
        )
        yield last
    features = make_divisible(_FEATURES * width)
    out = (last.out_channels, features, _HIDDEN, classes, _RE, last.out_resolution)
    yield Head(*out, hidden_norm=True)


MOBILENET_V4_CONV_SMALL = Published(_build, {TIMM: USUAL})
