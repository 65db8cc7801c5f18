"""Published networks by their names."""

from dataclasses import dataclass

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.networks.blocks import Network
from hwnas.networks.conventions import Conventions
from hwnas.spaces.references.efficientnet_lite import (
    EFFICIENTNET_LITE0,
    EFFICIENTNET_LITE1,
    EFFICIENTNET_LITE2,
)
from hwnas.spaces.references.library import TENSORFLOW, Library, Published
from hwnas.spaces.references.mobilenet_v2 import MOBILENET_V2
from hwnas.spaces.references.mobilenet_v3 import MOBILENET_V3_LARGE, MOBILENET_V3_SMALL
from hwnas.spaces.references.mobilenet_v4 import MOBILENET_V4_CONV_SMALL

REFERENCES: dict[str, Published] = {
    "mobilenet_v2": MOBILENET_V2,
    "mobilenet_v3_small": MOBILENET_V3_SMALL,
    "mobilenet_v3_large": MOBILENET_V3_LARGE,
    "efficientnet_lite0": EFFICIENTNET_LITE0,
    "efficientnet_lite1": EFFICIENTNET_LITE1,
    "efficientnet_lite2": EFFICIENTNET_LITE2,
    "mobilenet_v4_conv_small": MOBILENET_V4_CONV_SMALL,
}
"""Every published network that is known, by its name without a library."""


@dataclass(frozen=True)
class Reference:
    """A published network as a library builds it.

    Attributes:
        name: of the network, as in "mobilenet_v3_small"; "tf_mobilenet_v3_small" for TensorFlow's
            weights in timm.
        library: whose it is: "torchvision", "timm" or "lite".
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
        name: as in "timm/mobilenet_v3_small"; where no library is named, torchvision's, or timm's
            of the networks that torchvision has not.
        resolution: height and width of the images.
        classes: number of logits.
        width: what channels are multiplied by.

    Raises:
        ConfigError: there is no such network.
    """
    short, library = _known(name)
    published = REFERENCES[short]
    blocks = tuple(published.build(library, resolution, classes, width))
    conventions = published.conventions[library]
    return Reference(f"{library.prefix}{short}", library.name, blocks, conventions)


def reference_network(name: str, *, resolution: int, classes: int, width: float = 1.0) -> Network:
    """The blocks of a reference; see `load_reference`."""
    found = load_reference(name, resolution=resolution, classes=classes, width=width)
    return found.network


def reference_names(short: str) -> list[str]:
    """The full names of a published network, one a library: "timm/tf_mobilenet_v3_small"."""
    return [f"{one.name}/{one.prefix}{short}" for one in REFERENCES[short].conventions]


def _known(name: str) -> tuple[str, Library]:
    """The short name of a published network and its library.

    Raises:
        ConfigError: there is no such network.
    """
    for short, published in REFERENCES.items():
        libraries = list(published.conventions)
        if name == short:
            return short, libraries[0]
        for library, full in zip(libraries, reference_names(short), strict=True):
            if name == full:
                return short, library
    prefixes = ("/", f"/{TENSORFLOW.prefix}")
    of_others = [
        short for short in REFERENCES if name.endswith(tuple(one + short for one in prefixes))
    ]
    known = [full for short in of_others for full in (short, *reference_names(short))]
    if not known:
        known = [*REFERENCES, "each of a library also, as in 'timm/mobilenet_v2'"]
    raise ConfigError(f"there is no reference '{shown(name)}' (known: {', '.join(known)})")
