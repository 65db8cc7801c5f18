"""Blocks: the smallest things that are timed, searched, trained and exported.

A block is a frozen dataclass with every shape in it, so that equal blocks are equal keys. A
network is a tuple of blocks.
"""

from collections.abc import Iterable
from dataclasses import MISSING, dataclass, fields
from itertools import pairwise
from typing import Any, ClassVar

ACTIVATIONS = ("none", "relu", "relu6", "hard_swish")


_MAY_BE_ZERO = ("squeeze_channels", "hidden_channels")


def _check(block: Any) -> None:
    for field in fields(block):
        value = getattr(block, field.name)
        if field.name == "activation":
            if value not in ACTIVATIONS:
                raise ValueError(f"activation must be one of {ACTIVATIONS}, not {value!r}")
            continue
        if field.type is bool:
            if type(value) is not bool:
                raise ValueError(f"{field.name} must be true or false, not {value!r}")
            continue
        least = 0 if field.name in _MAY_BE_ZERO else 1
        if type(value) is not int or value < least:
            raise ValueError(f"{field.name} must be an integer of at least {least}, not {value!r}")
    if getattr(block, "kernel", 1) % 2 == 0:
        raise ValueError(f"kernel must be odd, not {block.kernel}")


@dataclass(frozen=True, slots=True)
class ConvBlock:
    """Convolution, batch norm, activation: a stem, or a projection between stages.

    `resolution` is the height and width of the square input, as in every block.
    """

    kind: ClassVar[str] = "conv"
    in_channels: int
    out_channels: int
    kernel: int
    stride: int
    activation: str
    resolution: int

    def __post_init__(self) -> None:
        _check(self)

    @property
    def out_resolution(self) -> int:
        """Height and width of the output."""
        return -(-self.resolution // self.stride)


@dataclass(frozen=True, slots=True)
class InvertedResidual:
    """MobileNetV2/V3's block: expand 1×1, depthwise k×k, squeeze-excite, project 1×1.

    No expansion convolution when `expanded_channels == in_channels`; no squeeze-excite when
    `squeeze_channels == 0`; a residual addition when stride is 1 and the channels are equal.
    (Sandler et al. 2018, arXiv 1801.04381; Howard et al. 2019, arXiv 1905.02244.)
    """

    kind: ClassVar[str] = "inverted_residual"
    in_channels: int
    expanded_channels: int
    out_channels: int
    kernel: int
    stride: int
    squeeze_channels: int
    activation: str
    resolution: int

    def __post_init__(self) -> None:
        _check(self)

    @property
    def out_resolution(self) -> int:
        """Height and width of the output."""
        return -(-self.resolution // self.stride)

    @property
    def expands(self) -> bool:
        """Whether there is an expansion convolution."""
        return self.expanded_channels != self.in_channels

    @property
    def residual(self) -> bool:
        """Whether the input is added to the output."""
        return self.stride == 1 and self.in_channels == self.out_channels


@dataclass(frozen=True, slots=True)
class Skip:
    """No block at all: the input passes through. It costs nothing and is never timed."""

    kind: ClassVar[str] = "skip"
    channels: int
    resolution: int

    def __post_init__(self) -> None:
        _check(self)

    @property
    def in_channels(self) -> int:
        """Channels of the input."""
        return self.channels

    @property
    def out_channels(self) -> int:
        """Channels of the output."""
        return self.channels

    @property
    def out_resolution(self) -> int:
        """Height and width of the output."""
        return self.resolution


@dataclass(frozen=True, slots=True)
class Head:
    """The classifier: 1×1 convolution, global average pool, an optional hidden layer, logits.

    MobileNetV2 has no hidden layer (`hidden_channels == 0`), MobileNetV3 has one, with bias and
    activation and without batch norm. Once-for-all's has no bias (`hidden_bias` is false).
    """

    kind: ClassVar[str] = "head"
    in_channels: int
    feature_channels: int
    hidden_channels: int
    classes: int
    activation: str
    resolution: int
    hidden_bias: bool = True

    def __post_init__(self) -> None:
        _check(self)
        if not self.hidden_channels and not self.hidden_bias:
            raise ValueError("hidden_bias must be true without a hidden layer")

    def __repr__(self) -> str:
        """Without a field of its default: checkpoints know a network by this text."""
        values = ", ".join(f"{name}={value!r}" for name, value in _values(self).items())
        return f"Head({values})"

    @property
    def out_channels(self) -> int:
        """Number of logits."""
        return self.classes

    @property
    def out_resolution(self) -> int:
        """The output is a vector: 1."""
        return 1


Block = ConvBlock | InvertedResidual | Skip | Head
Network = tuple[Block, ...]

_KINDS: dict[str, type[Block]] = {
    cls.kind: cls for cls in (ConvBlock, InvertedResidual, Skip, Head)
}


def block_key(block: Block) -> str:
    """A stable text for a block, equal exactly for equal blocks: the key in latency tables."""
    values = " ".join(f"{name}={value}" for name, value in _values(block).items())
    return f"{block.kind} {values}"


def block_to_dict(block: Block) -> dict[str, Any]:
    """The block as a JSON object, with its kind."""
    return {"kind": block.kind, **_values(block)}


def _values(block: Block) -> dict[str, Any]:
    # Fields that have a default came later: left out, old keys and files stay what they were.
    return {
        field.name: getattr(block, field.name)
        for field in fields(block)
        if getattr(block, field.name) != field.default
    }


def block_from_dict(data: dict[str, Any]) -> Block:
    """The block of a JSON object.

    Raises:
        ValueError: unknown kind, missing, unknown or wrong fields.
    """
    values = dict(data)
    kind = _KINDS.get(values.pop("kind", ""))
    if kind is None:
        raise ValueError(f"unknown block kind {data.get('kind')!r}; known: {', '.join(_KINDS)}")
    names = {field.name for field in fields(kind)}
    needed = {field.name for field in fields(kind) if field.default is MISSING}
    if not needed <= set(values) <= names:
        raise ValueError(
            f"a {kind.kind} block has the fields {sorted(names)}, not {sorted(values)}"
        )
    return kind(**values)


def distinct_blocks(networks: Iterable[Network]) -> tuple[Block, ...]:
    """Every block that must be timed, once, in order of first appearance; skips left out."""
    found = dict.fromkeys(block for network in networks for block in network)
    return tuple(block for block in found if not isinstance(block, Skip))


def check_network(network: Network) -> None:
    """Raises ValueError unless each block's input is the output of the one before it."""
    for before, after in pairwise(network):
        have = (before.out_channels, before.out_resolution)
        want = (after.in_channels, after.resolution)
        if have != want:
            raise ValueError(f"{block_key(after)} follows an output of {have}, expects {want}")
