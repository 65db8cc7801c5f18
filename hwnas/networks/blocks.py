"""Blocks by kind, their form at rest, and networks, which are tuples of them.

A kind of your own is a class like those of `hwnas/networks/kinds`, see `Block`. It is known by its
name from the moment at which the class exists; an installed package names it by an entry point of
the group `hwnas.blocks`, and then it is known without an import:

    [project.entry-points."hwnas.blocks"]
    fused = "my_package:FusedBlock"
"""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field
from itertools import pairwise

from hwnas.core.errors import ConfigError
from hwnas.core.registry import Registry
from hwnas.networks.block import ACTIVATIONS, DEFINED, Block, block_fields
from hwnas.networks.kinds.conv import ConvBlock
from hwnas.networks.kinds.head import Head
from hwnas.networks.kinds.inverted_residual import InvertedResidual
from hwnas.networks.kinds.parallel_inverted_residual import ParallelInvertedResidual
from hwnas.networks.kinds.skip import Skip
from hwnas.networks.kinds.universal_inverted_residual import UniversalInvertedResidual

__all__ = [
    "ACTIVATIONS",
    "BLOCKS",
    "Block",
    "ConvBlock",
    "Head",
    "InvertedResidual",
    "Network",
    "ParallelInvertedResidual",
    "Skip",
    "UniversalInvertedResidual",
    "block_from_dict",
    "block_from_key",
    "block_key",
    "block_kind",
    "block_to_dict",
    "check_network",
    "distinct_blocks",
    "is_kind",
    "kind_names",
    "short_key",
]

BLOCKS: Registry[type[Block]] = Registry(
    "block kind",
    "hwnas.blocks",
    {
        "conv": ConvBlock,
        "inverted_residual": InvertedResidual,
        "universal_inverted_residual": UniversalInvertedResidual,
        "parallel_inverted_residual": ParallelInvertedResidual,
        "skip": Skip,
        "head": Head,
    },
)
"""Every kind, by its name at rest."""

Network = tuple[Block, ...]


def block_kind(name: str) -> type[Block]:
    """The kind of a name: one of ours, one whose class this process has, or an installed one.

    Raises:
        ConfigError: there is none, or what a package brings is not a kind of that name.
    """
    if name not in BLOCKS.ours and name in DEFINED:
        return DEFINED[name]
    found: object = BLOCKS.load(name)
    if not (isinstance(found, type) and issubclass(found, Block)):
        raise ConfigError(
            f"the block kind '{name}' ({BLOCKS.origin(name)}) is not a class of "
            "hwnas.networks.blocks.Block; correct that package or uninstall it"
        )
    if found.kind != name:
        raise ConfigError(
            f"the block kind '{name}' ({BLOCKS.origin(name)}) calls itself '{found.kind}'; give "
            "its entry point that name"
        )
    return found


def is_kind(name: str) -> bool:
    """Whether a kind has this name; imports nothing."""
    return name in DEFINED or name in BLOCKS


def kind_names() -> list[str]:
    """The names of all kinds: ours, those of installed packages, and those of this process."""
    return list(dict.fromkeys([*BLOCKS.names(), *DEFINED]))


def block_key(block: Block) -> str:
    """A stable text for a block, equal exactly for equal blocks: its key in all that is stored.

    The kind, then `name=value` of every field in the order of the class, all separated by single
    spaces; fields at their defaults are left out. Values are integers, True, False or a word:

        inverted_residual in_channels=16 expanded_channels=48 out_channels=24 kernel=5 stride=2
        squeeze_channels=0 activation=relu resolution=12

    Latency tables, checkpoints and ratings are known by these texts, so this form does not change.
    """
    values = " ".join(f"{name}={value}" for name, value in _values(block).items())
    return f"{block.kind} {values}"


def block_from_key(key: str) -> Block:
    """The block of a key.

    Raises:
        ValueError: it is not the key of a block.
    """
    kind, _, rest = key.partition(" ")
    content: dict[str, object] = {"kind": kind}
    for part in rest.split():
        name, _, value = part.partition("=")
        if value in ("True", "False"):
            content[name] = value == "True"
        else:
            content[name] = int(value) if value.isdecimal() else value
    return block_from_dict(content)


def short_key(key: str) -> str:
    """The short name of a block by its key; any other key as it is."""
    try:
        return block_from_key(key).short_name
    except (ValueError, TypeError):
        return key


def block_to_dict(block: Block) -> dict[str, int | bool | str]:
    """The block as a JSON object, with its kind."""
    return {"kind": block.kind, **_values(block)}


def block_from_dict(data: Mapping[str, object]) -> Block:
    """The block of a JSON object.

    Raises:
        ValueError: unknown kind, missing, unknown or wrong fields.
        TypeError: the kind is a list or an object.
    """
    values = dict(data)
    name = values.pop("kind", "")
    if isinstance(name, list | dict):
        raise TypeError("the kind of a block is not text")
    if not isinstance(name, str) or not is_kind(name):
        raise ValueError(f"unknown block kind {name!r}; known: {', '.join(kind_names())}")
    try:
        kind = block_kind(name)
    except ConfigError as error:
        raise ValueError(str(error)) from error
    fields = {_at_rest(field): field for field in block_fields(kind)}
    needed = {key for key, field in fields.items() if field.default is MISSING}
    if not needed <= set(values) <= set(fields):
        raise ValueError(
            f"a {kind.kind} block has the fields {sorted(fields)}, not {sorted(values)}"
        )
    return kind(**{fields[key].name: value for key, value in values.items()})


def _values(block: Block) -> dict[str, int | bool | str]:
    return {
        _at_rest(field): getattr(block, field.name)
        for field in block_fields(type(block))
        if getattr(block, field.name) != field.default
    }


def _at_rest(field: Field[object]) -> str:
    return str(field.metadata.get("key", field.name))


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
