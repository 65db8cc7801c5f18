"""Block: what every kind of block says of itself."""

from collections.abc import Sequence
from dataclasses import Field, fields, replace
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from hwnas.networks.layers import Layer
from hwnas.networks.operations import Operations, Value
from hwnas.networks.options import BlockOptions

Kind = TypeVar("Kind", bound="Block")

ACTIVATIONS = ("none", "relu", "relu6", "hard_swish")

_SHORT_ACTIVATIONS = {"hard_swish": "hswish", "none": "linear"}
# What every short name has at a place of its own.
_SHAPES = (
    *("in_channels", "out_channels", "kernel", "stride", "activation", "resolution"),
    "same_padding",
)

DEFINED: dict[str, "type[Block]"] = {}
"""Every kind whose class was made in this process; see `hwnas.networks.blocks.block_kind`."""


class Block:
    """The smallest thing that is timed, searched, trained and exported.

    A kind is a frozen dataclass (with slots) of this class, whose fields are integers, true or
    false, and `activation`, one of `ACTIVATIONS`. They hold every shape, so that equal blocks are
    equal keys. `resolution` is the height and width of the square input.

    A field that a kind gets later needs a default that means what blocks were before, and a field
    that is renamed keeps its name at rest: `field(metadata={"key": "old_name"})`.

    Attributes:
        kind: the name at rest and in YAML files, as in "inverted_residual".
        abbreviation: that of the kind in short names, as in "ir".
        options: how a stage names such blocks; None for a kind that no stage can have.
        may_be_zero: the integer fields that may be 0; others are at least 1.
        gives_logits: whether the output is a vector (N, classes), and no map.
    """

    __slots__ = ()

    kind: ClassVar[str]
    abbreviation: ClassVar[str]
    options: ClassVar[type[BlockOptions["Block"]] | None] = None
    may_be_zero: ClassVar[tuple[str, ...]] = ()
    gives_logits: ClassVar[bool] = False

    if TYPE_CHECKING:  # fields of most kinds, which a class attribute here would be a default of

        @property
        def in_channels(self) -> int:
            """Channels of the input."""

        @property
        def out_channels(self) -> int:
            """Channels of the output, or the number of logits."""

        @property
        def resolution(self) -> int:
            """Height and width of the input."""

    def __init_subclass__(cls) -> None:
        if "kind" in cls.__dict__:
            DEFINED[cls.kind] = cls

    def __post_init__(self) -> None:
        for field in block_fields(type(self)):
            _check_field(self, field)
        self.check()

    def check(self) -> None:
        """Raises ValueError for fields that do not go together; the message begins with one."""

    @property
    def out_resolution(self) -> int:
        """Height and width of the output; 1 for a vector."""
        return -(-self.resolution // int(getattr(self, "stride", 1)))

    def layers(self) -> tuple[Layer, ...]:
        """The convolutions and fully connected layers, in the order in which they run."""
        raise NotImplementedError

    def compute(self, ops: Operations[Value], x: Value) -> Value:
        """The output for an input x, as the one description that all readers follow.

        It may look at the fields of the block, but not at values.
        """
        raise NotImplementedError

    @classmethod
    def widest(cls, blocks: Sequence[Self]) -> Self | None:
        """A block whose weights hold those of all these choices of a slot, for a supernet.

        Each layer of a choice is then the first channels and the centre of the kernel of the layer
        of the same name. None, as here, gives every choice weights of its own.
        """
        del blocks
        return None

    def variants(self, kernels: Sequence[int], expansions: Sequence[float]) -> tuple[Self, ...]:
        """This block with other kernels, and expansions that are so many times its own.

        They are the choices of a slot around it, itself among them, and share its weights. Itself
        alone, as here, is a block that a space around a network leaves as it is.
        """
        del kernels, expansions
        return (self,)

    def repeated(self) -> Self | None:
        """A block like this one that may stand behind it and begin as the identity.

        It adds its output to its input, and its output begins with zero. None, as here, of a kind
        that does not add.
        """
        return None

    @property
    def short_name(self) -> str:
        """One short line for people; blocks that differ have names that differ."""
        parts = [self.abbreviation]
        for name, letter in (("kernel", "k"), ("stride", "s")):
            if hasattr(self, name):
                parts.append(f"{letter}{getattr(self, name)}")
        parts.append(f"{self.in_channels}→{self.out_channels}")
        parts += [f"{field.name}={getattr(self, field.name)}" for field in self._own_fields()]
        if hasattr(self, "activation"):
            parts.append(short_activation(self.activation))
        return " ".join([*parts, f"@{self.resolution}"]) + same_text(self)

    @property
    def choice_name(self) -> str:
        """What it differs in from the other choices of a slot: "k5 e6", "fused k3 e4"."""
        parts = [f"k{self.kernel}"] if hasattr(self, "kernel") else []
        if hasattr(self, "expanded_channels"):
            parts.append(f"e{self.expanded_channels / self.in_channels:g}")
        parts += [
            f"{field.name}={getattr(self, field.name)}"
            for field in self._own_fields()
            if field.name != "expanded_channels"
        ]
        return " ".join([self.abbreviation, *parts]) + same_text(self)

    def _own_fields(self) -> list[Field[object]]:
        """The fields that only this kind has, without those at their defaults."""
        return [
            field
            for field in block_fields(type(self))
            if field.name not in _SHAPES and getattr(self, field.name) != field.default
        ]


def block_fields(kind: type[Block]) -> tuple[Field[object], ...]:
    """The fields of a kind, in their order."""
    return fields(kind)  # type: ignore[arg-type]  # every kind is a dataclass


def is_bool(field: Field[object]) -> bool:
    """Whether a field is true or false."""
    return field.type in (bool, "bool")


def with_largest(blocks: Sequence[Kind], *names: str) -> Kind:
    """The first of some blocks, with the largest value that any of them has in these fields."""
    largest = {name: max(getattr(block, name) for block in blocks) for name in names}
    return replace(blocks[0], **largest)  # type: ignore[type-var]


def short_activation(activation: str) -> str:
    """An activation in short names."""
    return _SHORT_ACTIVATIONS.get(activation, activation)


def same_text(block: Block) -> str:
    """What ends the names of a block that is padded as in TensorFlow; "" for others."""
    return " same" if getattr(block, "same_padding", False) else ""


def _check_field(block: Block, field: Field[object]) -> None:
    name, value = field.name, getattr(block, field.name)
    if name == "activation":
        if value not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {ACTIVATIONS}, not {value!r}")
    elif is_bool(field):
        if type(value) is not bool:
            raise ValueError(f"{name} must be true or false, not {value!r}")
    else:
        least = 0 if name in block.may_be_zero else 1
        if type(value) is not int or value < least:
            raise ValueError(f"{name} must be an integer of at least {least}, not {value!r}")
        if name.endswith("kernel") and value and value % 2 == 0:
            raise ValueError(f"{name} must be odd, not {value}")
