"""The published networks, block by block, to compare what is found with.

MobileNetV2: table 2 of arXiv 1801.04381. MobileNetV3: tables 1 and 2 of arXiv 1905.02244. The
papers leave open how a width multiplier rounds, and what batch norm adds to the variance. The two
libraries that most people take these networks from answer differently, so a reference is of one of
them: "torchvision/mobilenet_v3_small" or "timm/mobilenet_v3_small"; plain, it is torchvision's.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.networks.blocks import Block, ConvBlock, Head, InvertedResidual, Network
from hwnas.networks.channels import make_divisible, squeeze_channels
from hwnas.networks.conventions import USUAL, Conventions

RE, HS = "relu", "hard_swish"
TORCHVISION, TIMM = "torchvision", "timm"

# expansion, channels, repeats, stride of the first
_V2 = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)

# kernel, expanded channels, channels, squeeze-excite, activation, stride
_V3_LARGE = (
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
_V3_SMALL = (
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


@dataclass(frozen=True)
class Reference:
    """A published network as a library builds it.

    Attributes:
        name: of the network, as in "mobilenet_v3_small".
        library: whose it is, "torchvision" or "timm".
        network: its blocks.
        conventions: of the weights that the library has of it.
    """

    name: str
    library: str
    network: Network
    conventions: Conventions


def load_reference(name: str, *, resolution: int, classes: int, width: float = 1.0) -> Reference:
    """A published network, at any resolution, class count and width multiplier.

    Args:
        name: as in "timm/mobilenet_v3_small"; torchvision's where no library is named.
        resolution: height and width of the images.
        classes: number of logits.
        width: what channels are multiplied by.

    Raises:
        ConfigError: there is no such network.
    """
    library, _, short = name.rpartition("/")
    library = library or TORCHVISION
    if short not in REFERENCES or library not in (TORCHVISION, TIMM):
        raise ConfigError(
            f"there is no reference '{shown(name)}' (known: {', '.join(REFERENCES)}, each also as "
            f"'{TORCHVISION}/…' and '{TIMM}/…')"
        )
    build, of_torchvision = REFERENCES[short]
    blocks = tuple(build(library, resolution, classes, width))
    return Reference(short, library, blocks, of_torchvision if library == TORCHVISION else USUAL)


def reference_network(name: str, *, resolution: int, classes: int, width: float = 1.0) -> Network:
    """The blocks of a reference; see `load_reference`."""
    found = load_reference(name, resolution=resolution, classes=classes, width=width)
    return found.network


def _mobilenet_v2(library: str, resolution: int, classes: int, width: float) -> Iterator[Block]:
    del library  # both build the same
    last: Block = ConvBlock(3, make_divisible(32 * width), 3, 2, "relu6", resolution)
    yield last
    for expansion, channels, repeats, first_stride in _V2:
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


def _mobilenet_v3(
    rows: tuple[tuple[int, int, int, bool, str, int], ...], features: int, hidden: int
) -> Callable[[str, int, int, float], Iterator[Block]]:
    def build(library: str, resolution: int, classes: int, width: float) -> Iterator[Block]:
        of_timm = library == TIMM
        # timm keeps the stem of the narrowest networks as wide as it is.
        stem = 16 if of_timm and width < 0.75 else make_divisible(16 * width)
        last: Block = ConvBlock(3, stem, 3, 2, HS, resolution)
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
            )
            yield last
            published = channels
        # torchvision's are six times the last channels, and its hidden layer is scaled; timm's is
        # not.
        wide = make_divisible(features * width) if of_timm else 6 * last.out_channels
        layer = hidden if of_timm else make_divisible(hidden * width)
        yield Head(last.out_channels, wide, layer, classes, HS, last.out_resolution)

    return build


_TORCHVISION_V3 = Conventions(epsilon=1e-3, momentum=0.01)

REFERENCES: dict[str, tuple[Callable[[str, int, int, float], Iterator[Block]], Conventions]] = {
    "mobilenet_v2": (_mobilenet_v2, USUAL),
    "mobilenet_v3_small": (_mobilenet_v3(_V3_SMALL, 576, 1024), _TORCHVISION_V3),
    "mobilenet_v3_large": (_mobilenet_v3(_V3_LARGE, 960, 1280), _TORCHVISION_V3),
}
"""What builds each, and the conventions of torchvision; timm's are the usual ones."""
