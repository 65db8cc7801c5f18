"""The rows of a CSV of timings: of a block, of a whole network, or of the overhead of all.

docs/reference/csv.md has the form.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass

from hwnas.core.csv_text import csv_records, separator_of
from hwnas.core.errors import TableError
from hwnas.core.foreign_text import shown
from hwnas.core.spelling import nearest
from hwnas.devices.answers import LEAST_MS, MOST_MS
from hwnas.networks.block import Block, block_fields, is_bool
from hwnas.networks.blocks import BLOCKS, Skip, block_from_dict, block_kind, is_kind, kind_names
from hwnas.networks.channels import make_divisible

OVERHEAD = "overhead"
"""The kind of the row that every network takes beside its blocks."""
NETWORK = "network"
"""The kind of a row of a whole network."""


def timed_kinds() -> list[str]:
    """The names of the kinds of blocks that can be timed, as all but skips can."""
    return [name for name in kind_names() if name != Skip.kind]


def fields_of(kinds: Iterable[str]) -> tuple[str, ...]:
    """The fields that blocks of some kinds have, each once."""
    each = (block_fields(block_kind(kind)) for kind in kinds)
    return tuple(dict.fromkeys(field.name for some in each for field in some))


FIELDS = fields_of(name for name in BLOCKS.ours if name != Skip.kind)
"""The columns that blocks of our own kinds have."""
STATISTICS = ("samples", "visits", "redone", "min", "p10", "median", "p90")
NAMING = ("architecture", "blocks", "file", "space")
"""The columns that say which network a row is of."""
COLUMNS = ("kind", *FIELDS, "ms", *STATISTICS)
"""The columns of a CSV of blocks as it is exported."""

_RATIO = "se"
# The second mu is the Greek letter, which many keyboards have.
_UNITS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "μs": 1e-3, "ms": 1.0, "s": 1e3}
_KNOWN = (*COLUMNS, _RATIO, *NAMING, *(unit for unit in _UNITS if unit != "ms"))
"""Columns that need no further kinds."""


_INTEGER = re.compile(r"[0-9]{1,9}")
_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_RATIO_TEXT = re.compile(r"0|1|0?\.[0-9]{1,9}|1\.0*")
_TIME = re.compile(rf"({_NUMBER})\s*([A-Za-zµμ]*)")


@dataclass(frozen=True)
class Row:
    """One line of timings: its cells by column.

    Attributes:
        source: the file.
        line: in it.
        cells: by column; all that the header names are there.
        unit: of the times, and the name of their column: a key of `_UNITS`.
        decimal_comma: whether a number may have one.
    """

    source: str
    line: int
    cells: Mapping[str, str]
    unit: str
    decimal_comma: bool

    def error(self, column: str, problem: str) -> TableError:
        """What is wrong with a cell, with its place."""
        return TableError(f"{self.source} line {self.line}, column {column}: {problem}")

    @property
    def kind(self) -> str:
        """A kind of block that can be timed, `NETWORK` or `OVERHEAD`.

        Raises:
            TableError: it is none, or a cell is filled in that such a row does not have.
        """
        kind = self.cells["kind"]
        if kind == Skip.kind:
            raise self.error("kind", "a skip takes no time; remove its row")
        if kind not in (NETWORK, OVERHEAD) and not is_kind(kind):
            known = [*timed_kinds(), NETWORK, OVERHEAD]
            raise self.error(
                "kind",
                f"unknown kind '{shown(kind)}'{nearest(kind, known)} (known: {', '.join(known)})",
            )
        never = {"kind", self.unit, *STATISTICS}
        for name, cell in self.cells.items():
            if cell and name not in never and not _has(kind, name):
                problem = f"a row of kind '{kind}' has no {name}; leave the cell empty"
                raise self.error(name, f"'{shown(self.cells[name])}' is given, but {problem}")
        return kind

    def block(self) -> Block:
        """The block of a row of such a kind.

        Raises:
            TableError: a cell of it is missing or wrong.
        """
        kind = self.cells["kind"]
        values = {
            field.name: self._value(kind, field)
            for field in block_fields(block_kind(kind))
            if field.default is MISSING or self.cells.get(field.name)
        }
        try:
            return block_from_dict({"kind": kind, **values})
        except ValueError as error:  # which begins with the name of the field
            raise self.error(str(error).split(maxsplit=1)[0], str(error)) from error

    def milliseconds(self) -> float:
        """The timing, in ms; the cell may name another unit than the column.

        Raises:
            TableError: it is not a time, or an impossible one.
        """
        text = self.cells[self.unit]
        written = _TIME.fullmatch(text.replace(",", ".") if self.decimal_comma else text)
        example = f"write a number above 0, like {0.25 / _UNITS[self.unit]:g}, or one with its unit"
        if not text:
            raise self.error(self.unit, f"it is empty; {example}, like '250 us'")
        if written is None:
            raise self.error(self.unit, f"'{shown(text)}' is not a time; {example}, like '250 us'")
        unit = written[2] or self.unit
        if unit not in _UNITS:
            raise self.error(
                self.unit, f"'{shown(text)}' has the unit '{shown(unit)}'; write ms, us, ns or s"
            )
        value = float(written[1]) * _UNITS[unit]
        if value < LEAST_MS:
            raise self.error(
                self.unit,
                f"'{shown(text)}' is too short to be a latency; write the least that can be "
                "measured, or time many inferences and divide",
            )
        if value > MOST_MS:
            raise self.error(
                self.unit, f"'{shown(text)}' is longer than any inference takes; {example}"
            )
        return value

    def _value(self, kind: str, field: Field[object]) -> int | str:
        name = field.name
        text = self.cells.get(name, "")
        if name == "squeeze_channels" and self.cells.get(_RATIO):
            return self._squeeze_channels(text)
        if not text:
            also = f", or {_RATIO} (a share of expanded_channels)" if _has_ratio(name) else ""
            raise self.error(name, f"it is missing, but a row of kind '{kind}' needs it{also}")
        if is_bool(field):
            # Python and spreadsheets write them with capitals.
            if text.lower() not in ("true", "false"):
                raise self.error(name, f"'{shown(text)}' is neither true nor false")
            return text.lower() == "true"
        if name == "activation":
            return text
        if not _INTEGER.fullmatch(text):
            hint = f"; a share like 0.25 goes into the column {_RATIO}" if _has_ratio(name) else ""
            raise self.error(name, f"'{shown(text)}' is not an integer, like 16{hint}")
        return int(text)

    def _squeeze_channels(self, stated: str) -> int:
        """Of the ratio: a share of the expanded channels, rounded as the published networks do."""
        text = self.cells[_RATIO]
        written = text.replace(",", ".") if self.decimal_comma else text
        if not _RATIO_TEXT.fullmatch(written):
            raise self.error(
                _RATIO,
                f"'{shown(text)}' is not a share from 0 to 1 of expanded_channels, like 0.25",
            )
        expanded = self.cells.get("expanded_channels", "")
        if not _INTEGER.fullmatch(expanded):
            raise self.error("expanded_channels", f"'{shown(expanded)}' is not an integer, like 16")
        ratio = float(written)
        squeezed = make_divisible(int(expanded) * ratio) if ratio else 0
        if stated and stated != str(squeezed):
            raise self.error(
                _RATIO,
                f"{text} of {expanded} expanded channels are {squeezed}, but squeeze_channels is "
                f"'{shown(stated)}'; leave one of them empty",
            )
        return squeezed


def rows_of(text: str, source: str) -> Iterator[Row]:
    """Every row of a CSV of timings.

    Args:
        text: what the file holds.
        source: names it in messages.

    Raises:
        TableError: it is not CSV, or its columns are wrong; the message names line and column.
    """
    text = text.removeprefix("\ufeff")
    separator = separator_of(text)
    records = csv_records(text, separator, source, TableError)
    line, header = next(records, (1, []))
    while header and not header[-1]:  # as a spreadsheet leaves them
        header.pop()
    unit = _checked(header, f"{source} line {line}")
    for number, cells in records:
        if any(cells[len(header) :]):
            raise TableError(
                f"{source} line {number} has {len(cells)} values for {len(header)} columns; write "
                "numbers with a decimal point, and texts with commas in quotes"
            )
        padded = cells + [""] * (len(header) - len(cells))
        yield Row(source, number, dict(zip(header, padded, strict=False)), unit, separator != ",")


def _checked(header: list[str], where: str) -> str:
    """The unit of the times, which is the name of their column."""
    known: tuple[str, ...] = _KNOWN
    if not set(header) <= set(known):
        known = (*known, *fields_of(timed_kinds()))
    for index, name in enumerate(header):
        if name not in known:
            raise TableError(
                f"{where}: unknown column '{shown(name)}'{nearest(name, known)} "
                f"(known: {', '.join((*COLUMNS, _RATIO, *NAMING))}; us, ns or s in place of ms)"
            )
        if name in header[:index]:
            raise TableError(f"{where}: the column '{name}' is there twice; remove one")
    units = [name for name in header if name in _UNITS]
    if len(units) > 1:
        raise TableError(
            f"{where}: {' and '.join(units)} are both columns of times; keep one of them"
        )
    for name, there in (("kind", "kind" in header), ("ms", bool(units))):
        if not there:
            raise TableError(
                f"{where}: the column '{name}' is missing; the first line names the columns, as in "
                "kind,in_channels,…,ms"
            )
    return units[0]


def _has(kind: str, name: str) -> bool:
    """Whether a row of a kind has a column."""
    if kind == NETWORK:
        return name in NAMING
    if _has_ratio(name):
        name = "squeeze_channels"
    return kind != OVERHEAD and name in fields_of([kind])


def _has_ratio(name: str) -> bool:
    return name in ("squeeze_channels", _RATIO)
