"""EfficientNet-Lite: EfficientNet (Tan and Le 2019, arXiv 1905.11946) for phones and int8.

As Google published it (tensorflow/tpu, models/official/efficientnet/lite): ReLU6 throughout, no
squeeze-excite, and the larger ones neither widen stem and features nor deepen the first and the
last stage.
"""

import math
from collections.abc import Iterator

from hwnas.networks.blocks import Block, ConvBlock, Head, InvertedResidual
from hwnas.networks.channels import make_divisible
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.spaces.references.library import (
    LITE,
    OF_TENSORFLOW,
    TENSORFLOW,
    TIMM,
    Build,
    Library,
    Published,
)

# kernel, expansion, channels, repeats, stride of the first
_ROWS = (
    (3, 1, 16, 1, 1),
    (3, 6, 24, 2, 2),
    (5, 6, 40, 2, 2),
    (3, 6, 80, 3, 2),
    (5, 6, 112, 3, 1),
    (5, 6, 192, 4, 2),
    (3, 6, 320, 1, 1),
)
_FEATURES = 1280


def _lite(own_width: float, depth: float) -> Build:
    def build(library: Library, resolution: int, classes: int, width: float) -> Iterator[Block]:
        last: Block = ConvBlock(3, 32, 3, 2, "relu6", resolution, library.same_padding)
        yield last
        for index, (kernel, expansion, channels, repeats, first_stride) in enumerate(_ROWS):
            if 0 < index < len(_ROWS) - 1:
                repeats = math.ceil(repeats * depth)
            for stride in [first_stride] + [1] * (repeats - 1):
                last = InvertedResidual(
                    last.out_channels,
                    last.out_channels * expansion,
                    make_divisible(channels * own_width * width),
                    kernel,
                    stride,
                    0,
                    "relu6",
                    last.out_resolution,
                    library.pads(stride),
                )
                yield last
        yield Head(last.out_channels, _FEATURES, 0, classes, "relu6", last.out_resolution)

    return build


_BYTES = Conventions(
    epsilon=1e-3, momentum=0.01, mean=(127 / 255,) * 3, std=(128 / 255,) * 3
)  # Google's own take 127 from a byte and divide by 128


def _published(own_width: float, depth: float) -> Published:
    conventions = {TIMM: USUAL, TENSORFLOW: OF_TENSORFLOW, LITE: _BYTES}
    return Published(_lite(own_width, depth), conventions)


EFFICIENTNET_LITE0 = _published(1.0, 1.0)
EFFICIENTNET_LITE1 = _published(1.0, 1.1)
EFFICIENTNET_LITE2 = _published(1.1, 1.2)
