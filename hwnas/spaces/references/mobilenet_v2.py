"""MobileNetV2: table 2 of Sandler et al. 2018 (arXiv 1801.04381)."""

from collections.abc import Iterator

from hwnas.networks.blocks import Block, ConvBlock, Head, InvertedResidual
from hwnas.networks.channels import make_divisible
from hwnas.networks.conventions import USUAL
from hwnas.spaces.references.library import TIMM, TORCHVISION, Library, Published

# expansion, channels, repeats, stride of the first
_ROWS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def _build(library: Library, resolution: int, classes: int, width: float) -> Iterator[Block]:
    del library  # all build the same
    last: Block = ConvBlock(3, make_divisible(32 * width), 3, 2, "relu6", resolution)
    yield last
    for expansion, channels, repeats, first_stride in _ROWS:
        for stride in [first_stride] + [1] * (repeats - 1):
            last = InvertedResidual(
                last.out_channels,
                last.out_channels * expansion,
                make_divisible(channels * width),
                3,
                stride,
                0,
                "relu6",
                last.out_resolution,
            )
            yield last
    # Narrower networks keep all 1,280 features (section 4 of the paper).
    features = make_divisible(1280 * max(1.0, width))
    yield Head(last.out_channels, features, 0, classes, "relu6", last.out_resolution)


MOBILENET_V2 = Published(_build, {TORCHVISION: USUAL, TIMM: USUAL})
