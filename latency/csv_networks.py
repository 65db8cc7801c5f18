"""Which network a row of a CSV of timings is of: by its choices, by its file, or by its blocks."""

from collections.abc import Callable
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Any

from hwnas.core.errors import HwnasError
from hwnas.core.foreign_text import shown
from hwnas.devices.device import Device
from hwnas.latency.csv_rows import Row, timed_kinds
from hwnas.latency.network_file import network_of_file
from hwnas.networks.block import block_fields, is_bool
from hwnas.networks.blocks import (
    Network,
    Skip,
    block_from_dict,
    block_key,
    block_kind,
    check_network,
    is_kind,
)

_BETWEEN = " > "


@dataclass(frozen=True)
class NetworkNames:
    """The networks of a space, as rows of a CSV name them.

    Attributes:
        space: the name of the space with its resolution and classes, see `scope_name`.
        named: the network of an architecture's text, as in "0 2 1"; ValueError says what is wrong.
        check: raises ValueError for a network that is not in the space.
        folder: where the files of networks are.
        device: on which they were timed; None where that does not matter.
    """

    space: str
    named: Callable[[str], Network]
    check: Callable[[Network], object]
    folder: Path
    device: Device | None = None

    def network(self, row: Row) -> Network:
        """The network of a row, which must be in the space.

        Raises:
            TableError: the row names none, or two, or one that is not in the space.
        """
        space = row.cells.get("space", "")
        if space and space != self.space:
            raise row.error(
                "space",
                f"it is of '{shown(space)}', but the config is of {self.space}; name the config, "
                "--resolution and --data that the networks were exported with",
            )
        readers: dict[str, Callable[[str], Network]] = {
            "architecture": self.named,
            "blocks": network_of_text,
            "file": lambda name: network_of_file(self.folder / name, self.device),
        }
        found: dict[str, Network] = {}
        for column, read in readers.items():
            text = row.cells.get(column, "")
            # Where another cell says which network it is, a file may be elsewhere by now.
            if not text or (column == "file" and found and not _is_file(self.folder / text)):
                continue
            try:
                found[column] = read(text)
                self.check(found[column])
            except (ValueError, HwnasError) as error:
                raise row.error(column, str(error)) from error
        if not found:
            raise row.error(
                "architecture",
                "it is missing, and so are blocks and file; a row of kind 'network' needs one of "
                "them to say which network was timed",
            )
        if len(set(found.values())) > 1:
            one, *_, other = found
            raise row.error(
                other,
                f"it is another network than the {one} of this row; leave the wrong one empty",
            )
        return next(iter(found.values()))


def network_text(network: Network) -> str:
    """A network as one text: the keys of its blocks in their order."""
    return _BETWEEN.join(map(block_key, network))


def network_of_text(text: str) -> Network:
    """The inverse of `network_text`.

    Raises:
        ValueError: it is not written like that, or its blocks do not fit together.
    """
    network = tuple(_block(part.split()) for part in text.split(_BETWEEN.strip()))
    check_network(network)
    return network


def _block(words: list[str]) -> Any:
    kind, pairs = (words or [""])[0], [word.partition("=") for word in words[1:]]
    if kind == Skip.kind or not is_kind(kind):
        known = ", ".join(timed_kinds())
        raise ValueError(f"'{shown(kind)}' is not a kind of block (known: {known})")
    own = {field.name: field for field in block_fields(block_kind(kind))}
    values: dict[str, Any] = {"kind": kind}
    for name, _, value in pairs:
        field = own.get(name)
        integer = value.isascii() and value.isdecimal() and len(value) < 10
        if field and integer and name != "activation" and not is_bool(field):
            values[name] = int(value)
        elif field and is_bool(field) and value in ("True", "False"):
            values[name] = value == "True"
        else:
            values[name] = value  # which is refused unless it is a text
    needed = [f.name for f in own.values() if f.default is MISSING]
    if missing := [name for name in needed if name not in values]:
        raise ValueError(f"the {kind} has no {missing[0]}=")
    return block_from_dict(values)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a text that no file system takes as a name
        return False
