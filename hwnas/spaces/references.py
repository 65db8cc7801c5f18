"""The published networks, block by block, to compare what is found with.

MobileNetV2: table 2 of arXiv 1801.04381. MobileNetV3: tables 1 and 2 of arXiv 1905.02244. Both
papers scale their networks by a width multiplier; the rounding is torchvision's.
"""

from collections.abc import Callable

from devices.errors import ConfigError
from hwnas.spaces.channels import make_divisible
from hwnas.spaces.config import inverted_residual
from latency.blocks import Block, ConvBlock, Head, Network

RE, HS = "relu", "hard_swish"

# expansion, channels, repeats, stride of the first
_V2 = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
    (6, 320, 1, 1),
)  # fmt: skip

# kernel, expanded channels, channels, squeeze-excite, activation, stride
_V3_LARGE = (
    (3, 16, 16, False, RE, 1), (3, 64, 24, False, RE, 2), (3, 72, 24, False, RE, 1),
    (5, 72, 40, True, RE, 2), (5, 120, 40, True, RE, 1), (5, 120, 40, True, RE, 1),
    (3, 240, 80, False, HS, 2), (3, 200, 80, False, HS, 1), (3, 184, 80, False, HS, 1),
    (3, 184, 80, False, HS, 1), (3, 480, 112, True, HS, 1), (3, 672, 112, True, HS, 1),
    (5, 672, 160, True, HS, 2), (5, 960, 160, True, HS, 1), (5, 960, 160, True, HS, 1),
)  # fmt: skip
_V3_SMALL = (
    (3, 16, 16, True, RE, 2), (3, 72, 24, False, RE, 2), (3, 88, 24, False, RE, 1),
    (5, 96, 40, True, HS, 2), (5, 240, 40, True, HS, 1), (5, 240, 40, True, HS, 1),
    (5, 120, 48, True, HS, 1), (5, 144, 48, True, HS, 1), (5, 288, 96, True, HS, 2),
    (5, 576, 96, True, HS, 1), (5, 576, 96, True, HS, 1),
)  # fmt: skip


def reference_network(name: str, *, resolution: int, classes: int, width: float = 1.0) -> Network:
    """The published network of a name, at any resolution, class count and width multiplier.

    Raises:
        ConfigError: there is no such network.
    """
    if name not in REFERENCES:
        raise ConfigError(f"there is no reference '{name}' (known: {', '.join(REFERENCES)})")
    return REFERENCES[name](resolution, classes, width)


def _mobilenet_v2(resolution: int, classes: int, width: float) -> Network:
    blocks: list[Block] = [ConvBlock(3, make_divisible(32 * width), 3, 2, "relu6", resolution)]
    for expansion, channels, repeats, first_stride in _V2:
        for stride in [first_stride] + [1] * (repeats - 1):
            before = blocks[-1]
            blocks.append(
                inverted_residual(
                    before, make_divisible(channels * width),
                    expanded=before.out_channels * expansion, kernel=3, stride=stride,
                    squeeze_excite=False, activation="relu6",
                )
            )  # fmt: skip
    last = blocks[-1]
    # Narrower networks keep all 1,280 features (section 4 of the paper).
    features = make_divisible(1280 * max(1.0, width))
    blocks.append(Head(last.out_channels, features, 0, classes, "relu6", last.out_resolution))
    return tuple(blocks)


def _mobilenet_v3(
    rows: tuple[tuple[int, int, int, bool, str, int], ...], hidden: int
) -> Callable[[int, int, float], Network]:
    def build(resolution: int, classes: int, width: float) -> Network:
        blocks: list[Block] = [ConvBlock(3, make_divisible(16 * width), 3, 2, HS, resolution)]
        for kernel, expanded, channels, squeeze_excite, activation, stride in rows:
            blocks.append(
                inverted_residual(
                    blocks[-1], make_divisible(channels * width),
                    expanded=make_divisible(expanded * width), kernel=kernel, stride=stride,
                    squeeze_excite=squeeze_excite, activation=activation,
                )
            )  # fmt: skip
        last = blocks[-1].out_channels
        blocks.append(
            Head(
                last,
                6 * last,
                make_divisible(hidden * width),
                classes,
                HS,
                blocks[-1].out_resolution,
            )
        )
        return tuple(blocks)

    return build


REFERENCES: dict[str, Callable[[int, int, float], Network]] = {
    "mobilenet_v2": _mobilenet_v2,
    "mobilenet_v3_small": _mobilenet_v3(_V3_SMALL, 1024),
    "mobilenet_v3_large": _mobilenet_v3(_V3_LARGE, 1280),
}
