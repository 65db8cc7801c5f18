"""A latency table's blocks as CSV, and the same form read from people with their own timings.

See docs/tables.md for the form.
"""

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, get_args

from devices.config import nearest
from devices.csv_text import csv_records, separator_of
from devices.errors import TableError
from latency.blocks import Block, Skip, block_from_dict, block_to_dict
from latency.model import LatencyModel
from latency.profile import ANY_SCOPE
from latency.table import LatencyTable

OVERHEAD = "overhead"
"""The kind of the row that every network takes beside its blocks."""

# A skip is never timed.
_KINDS: dict[str, type[Block]] = {cls.kind: cls for cls in get_args(Block) if cls is not Skip}
_FIELDS = tuple(dict.fromkeys(field.name for cls in _KINDS.values() for field in fields(cls)))
_STATISTICS = ("samples", "visits", "redone", "min", "p10", "median", "p90")
COLUMNS = ("kind", *_FIELDS, "ms", *_STATISTICS)

_INTEGER = re.compile(r"[0-9]{1,9}")
_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def table_to_csv(table: LatencyTable) -> str:
    """One row a measured block: its fields, `ms` (its latency), and the other statistics.

    A constant that was imported with the blocks is a row of the kind `overhead`.

    Raises:
        TableError: no block was measured, or the table is damaged.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    blocks, summaries = table.blocks(), table.summaries()
    measured = [(block, summaries[key]) for key, block in blocks.items() if key in summaries]
    if not measured:
        raise TableError(f"{table.path} holds no measured block; measure some with 'hwnas profile'")
    imported = table.models().get(ANY_SCOPE)
    overhead = LatencyModel.from_dict(imported).correction.overhead if imported else 0.0
    if overhead:
        empty = [""] * len(_FIELDS)
        writer.writerow([OVERHEAD, *empty, overhead, *("" for _ in _STATISTICS)])
    for block, summary in measured:
        values = block_to_dict(block)
        statistics = [getattr(summary, name) for name in _STATISTICS]
        cells = [values.get(name, "") for name in _FIELDS]
        writer.writerow([block.kind, *cells, summary.ms, *statistics])
    return text.getvalue()


def blocks_from_csv(text: str, source_name: str) -> tuple[dict[Block, float], float]:
    """The timings of a CSV in the form of docs/tables.md.

    Columns are separated by commas, or by semicolons or tabs, as some spreadsheets do; then a
    number may have a decimal comma.

    Args:
        text: what the file holds.
        source_name: names it in messages.

    Returns:
        The ms of each block, and those that every network takes beside them (0 without such a row).

    Raises:
        TableError: anything in it is not of that form; the message names line and column.
    """
    blocks: dict[Block, float] = {}
    lines: dict[Block | None, int] = {}
    overhead = 0.0
    for row in _rows(text.removeprefix("\ufeff"), source_name):
        block = row.block()
        if block in lines:
            what = "overhead" if block is None else "block"
            raise row.error("kind", f"the same {what} is in line {lines[block]} already")
        lines[block] = row.line
        if block is None:
            overhead = row.milliseconds()
        else:
            blocks[block] = row.milliseconds()
    if not blocks:
        raise TableError(f"{source_name} has no row of a block; give it one for each block")
    return blocks, overhead


@dataclass(frozen=True)
class _Row:
    """One line of timings: its cells by column."""

    source: str
    line: int
    cells: Mapping[str, str]
    decimal_comma: bool

    def error(self, column: str, problem: str) -> TableError:
        return TableError(f"{self.source} line {self.line}, column {column}: {problem}")

    def block(self) -> Block | None:
        """The block that is timed; None for the overhead of every network."""
        kind = self.cells["kind"]
        if kind == Skip.kind:
            raise self.error("kind", "a skip takes no time; remove its row")
        cls = _KINDS.get(kind)
        if cls is None and kind != OVERHEAD:
            known = [*_KINDS, OVERHEAD]
            raise self.error(
                "kind", f"unknown kind '{kind}'{nearest(kind, known)} (known: {', '.join(known)})"
            )
        for name in _FIELDS:
            if self.cells.get(name) and not _has(cls, name):
                problem = f"a row of kind '{kind}' has no {name}; leave the cell empty"
                raise self.error(name, f"'{self.cells[name]}' is given, but {problem}")
        if cls is None:
            return None
        values = {
            field.name: self._value(kind, field)
            for field in fields(cls)
            if field.default is MISSING or self.cells.get(field.name)
        }
        try:
            return block_from_dict({"kind": kind, **values})
        except ValueError as error:  # which begins with the name of the field
            raise self.error(str(error).split(maxsplit=1)[0], str(error)) from error

    def milliseconds(self) -> float:
        """The timing."""
        text = self.cells["ms"]
        written = text.replace(",", ".") if self.decimal_comma else text
        value = float(written) if _NUMBER.fullmatch(written) else 0.0
        if not (value > 0 and math.isfinite(value)):
            raise self.error("ms", f"'{text}' is not a number of milliseconds above 0, like 0.25")
        return value

    def _value(self, kind: str, field: Field[Any]) -> int | str:
        name = field.name
        text = self.cells.get(name, "")
        if not text:
            raise self.error(name, f"it is missing, but a row of kind '{kind}' needs it")
        if field.type is bool:
            # Python and spreadsheets write them with capitals.
            if text.lower() not in ("true", "false"):
                raise self.error(name, f"'{text}' is neither true nor false")
            return text.lower() == "true"
        if field.type is not int:
            return text
        if not _INTEGER.fullmatch(text):
            raise self.error(name, f"'{text}' is not an integer, like 16")
        return int(text)


def _rows(text: str, source: str) -> Iterator[_Row]:
    separator = separator_of(text)
    records = csv_records(text, separator, source, TableError)
    line, header = next(records, (1, []))
    while header and not header[-1]:  # as a spreadsheet leaves them
        header.pop()
    _check_header(header, f"{source} line {line}")
    for number, cells in records:
        if any(cells[len(header) :]):
            raise TableError(
                f"{source} line {number} has {len(cells)} values for {len(header)} columns; write "
                "numbers with a decimal point, and texts with commas in quotes"
            )
        padded = cells + [""] * (len(header) - len(cells))
        yield _Row(source, number, dict(zip(header, padded, strict=False)), separator != ",")


def _check_header(header: list[str], where: str) -> None:
    for index, name in enumerate(header):
        if name not in COLUMNS:
            raise TableError(
                f"{where}: unknown column '{name}'{nearest(name, COLUMNS)} "
                f"(known: {', '.join(COLUMNS)})"
            )
        if name in header[:index]:
            raise TableError(f"{where}: the column '{name}' is there twice; remove one")
    for name in ("kind", "ms"):
        if name not in header:
            raise TableError(
                f"{where}: the column '{name}' is missing; the first line names the columns, as in "
                "kind,in_channels,…,ms"
            )


def _has(cls: type[Block] | None, name: str) -> bool:
    return cls is not None and any(field.name == name for field in fields(cls))
