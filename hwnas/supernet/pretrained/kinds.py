"""The kinds of published networks: what names and shapes of tensors do not say.

Strides, activations and padding are those of the references; channels come from the tensors.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from hwnas.networks.blocks import Block, InvertedResidual, Network
from hwnas.networks.conventions import Conventions
from hwnas.networks.layers import Layer
from hwnas.spaces import load_reference
from hwnas.supernet.pretrained.layer_names import (
    LayerNames,
    lite_names,
    timm_names,
    torchvision_names,
)

_NORM = ("weight", "bias", "running_mean", "running_var")


@dataclass(frozen=True)
class Kind:
    """A published network, at any width.

    Attributes:
        name: as in "mobilenet_v3_small".
        stages: how many blocks there are between stem and head, by the stages of its paper.
        base: the reference that it is a variant of; itself without it.
        width: of its channels, of the reference's.
        minimal: without squeeze-excite, kernels of 5 and hard swish: the authors' "minimalistic".
        tensorflow: whether timm has it with weights from TensorFlow only (true), with its own only
            (false), or with both.
        recipes: whether timm's mean and std of it differ from recipe to recipe.
    """

    name: str
    stages: tuple[int, ...]
    base: str = ""
    width: float = 1.0
    minimal: bool = False
    tensorflow: bool | None = False
    recipes: bool = False

    def network(self, library: str) -> Network:
        """Its blocks as a library builds them, for 224 × 224 pixels and 1,000 classes."""
        return self.published(library)[0]

    def published(self, library: str, form: str = "") -> tuple[Network, Conventions]:
        """The same, and the conventions of the library.

        Args:
            library: whose.
            form: "tf_" for that with weights from TensorFlow.
        """
        return _published(self, library, form)


@dataclass(frozen=True)
class Library:
    """Who names the tensors.

    Attributes:
        name: as in references: "timm".
        signature: a tensor that all its networks have, and no other library's.
        kinds: what it has.
        names: see `layer_names`.
    """

    name: str
    signature: str
    kinds: tuple[Kind, ...]
    names: Callable[[Network, Sequence[int]], Iterator[LayerNames]]

    def tensors(self, kind: Kind) -> dict[str, str]:
        """What it calls each tensor of a network of its own, by our name."""
        return _tensors(self, kind)


_V2 = Kind("mobilenet_v2", (1, 2, 3, 4, 3, 3, 1))
_V3_SMALL = Kind("mobilenet_v3_small", (1, 2, 3, 2, 3), tensorflow=None)
_V3_LARGE = Kind("mobilenet_v3_large", (1, 2, 3, 4, 2, 3), tensorflow=None)
# Deeper ones: timm's mobilenetv2_110d and _120d.
_DEEP_V2 = (
    Kind("mobilenet_v2_110d", (1, 3, 4, 5, 4, 4, 1), _V2.name, 1.1),
    Kind("mobilenet_v2_120d", (1, 3, 5, 6, 5, 5, 1), _V2.name, 1.2),
)
_MINIMAL = tuple(
    Kind(f"{kind.name}_minimal", kind.stages, kind.name, minimal=True, tensorflow=True)
    for kind in (_V3_SMALL, _V3_LARGE)
)

_V4 = Kind("mobilenet_v4_conv_small", (2, 2, 6, 6), recipes=True)
_LITE0 = Kind("efficientnet_lite0", (1, 2, 2, 3, 3, 4, 1), tensorflow=None)
_LITES = (
    _LITE0,
    *(
        Kind(f"efficientnet_lite{number}", stages, _LITE0.name, width, tensorflow=None)
        for number, stages, width in (
            (1, (1, 3, 3, 4, 4, 5, 1), 1.0),
            (2, (1, 3, 3, 4, 4, 5, 1), 1.1),
            (3, (1, 3, 3, 5, 5, 6, 1), 1.2),
            (4, (1, 4, 4, 6, 6, 8, 1), 1.4),
        )
    ),
)

TIMM = Library(
    "timm",
    "conv_stem.weight",
    (_V2, *_DEEP_V2, _V3_SMALL, _V3_LARGE, *_MINIMAL, _V4, *_LITES),
    timm_names,
)
TORCHVISION = Library(
    "torchvision", "features.0.0.weight", (_V2, _V3_SMALL, _V3_LARGE), torchvision_names
)
# No program comes with these weights. That their padding, mean and std are those of the reference
# was checked on photos: docs/guides/pretrained.md.
LITE = Library("lite", "_conv_stem.weight", _LITES, lite_names)
LIBRARIES = (TIMM, TORCHVISION, LITE)


@cache
def _published(kind: Kind, library: str, form: str) -> tuple[Network, Conventions]:
    base = next(known for known in TIMM.kinds if known.name == (kind.base or kind.name))
    reference = load_reference(
        f"{library}/{form}{base.name}", resolution=224, classes=1000, width=kind.width
    )
    stem, *blocks, head = reference.network
    found: list[Block] = [stem]
    for published, wanted in zip(base.stages, kind.stages, strict=True):
        stage, blocks = blocks[:published], blocks[published:]
        found += [*stage, *[stage[-1]] * (wanted - published)]
    found.append(head)
    network = tuple(map(_minimal, found) if kind.minimal else found)
    return network, reference.conventions


def _minimal(block: Block) -> Block:
    if isinstance(block, InvertedResidual):
        return replace(block, kernel=3, squeeze_channels=0, activation="relu")
    return replace(block, activation="relu")  # type: ignore[type-var]


@cache
def _tensors(library: Library, kind: Kind) -> dict[str, str]:
    network = kind.network(library.name)
    found = {}
    for index, (block, names) in enumerate(
        zip(network, library.names(network, kind.stages), strict=True)
    ):
        for layer in block.layers():
            convolution, norm = names[layer.name]
            for part in layer_tensors(layer):
                place = norm if part.startswith("norm.") else convolution
                theirs = part.removeprefix("norm.")
                found[f"block{index}.{layer.name}.{part}"] = f"{place}.{theirs}"
    return found


def layer_tensors(layer: Layer) -> tuple[str, ...]:
    """The tensors of a layer in PyTorch, by our names, its weight first."""
    if layer.normalized:
        return "weight", *(f"norm.{part}" for part in _NORM)
    return ("weight", "bias") if layer.biased else ("weight",)
