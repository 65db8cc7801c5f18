"""Rows at rest: what each column may hold is written down once, and SQLite itself looks for more.

A file may be damaged, or made by someone who wants to harm whoever opens it: a view that never
ends, a trigger that takes new rows away. So the tables must be exactly those of the schema, and
every cell of the type and within the bounds that its rule says. Text that holds JSON is checked
where it is read, since only there is known what it means.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from hwnas.core.foreign_text import shown

Rules = Mapping[str, Mapping[str, str]]
"""Table → column → the SQL condition of a cell; `{}` stands for the column."""
Rows = Callable[[str], list[tuple[Any, ...]]]
"""The rows of a query."""

TEXT = "typeof({}) = 'text'"
BLOB = "typeof({}) = 'blob'"
COUNT = "typeof({}) = 'integer' AND {} BETWEEN 0 AND 2147483647"
DATE = "typeof({}) = 'text' AND {} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'"
FINITE = "typeof({}) = 'real' AND abs({}) <= 1.7976931348623157e308"


def between(low: float, high: float) -> str:
    """A number from `low` to `high`."""
    return f"typeof({{}}) = 'real' AND {{}} BETWEEN {low!r} AND {high!r}"


def above_zero(high: float) -> str:
    """A number above 0, up to `high`."""
    return f"typeof({{}}) = 'real' AND {{}} > 0 AND {{}} <= {high!r}"


SECONDS = between(0.0, 1e12)


def check_objects(rows: Rows) -> set[str]:
    """The names of a file's tables; nothing of it is looked into before.

    Raises:
        sqlite3.DatabaseError: it holds more than tables: views and triggers run when it is used.
    """
    found = set()
    for kind, name in rows("SELECT type, name FROM sqlite_master"):
        if kind != "table" and not (kind == "index" and str(name).startswith("sqlite_autoindex")):
            raise sqlite3.DatabaseError(f"it holds the {shown(kind)} {shown(name)}")
        if kind == "table":
            found.add(str(name))
    return found


def check_tables(rows: Rows, schema: str) -> None:
    """Sees that the tables that are there have the columns of the schema.

    Raises:
        sqlite3.DatabaseError: one has others.
    """
    for name, wanted in _columns_of(schema).items():
        found = _columns(rows, name)
        if found and found != wanted:
            raise sqlite3.DatabaseError(f"its table {name} has other columns")


def check_rows(rows: Rows, rules: Rules) -> None:
    """Sees that every cell is as its rule says, in one pass over each table.

    Raises:
        sqlite3.DatabaseError: one is not; the message names row and column.
    """
    for table, columns in rules.items():
        conditions = {column: rule.replace("{}", column) for column, rule in columns.items()}
        every = " AND ".join(f"({condition})" for condition in conditions.values())
        found = rows(f"SELECT rowid FROM {table} WHERE ({every}) IS NOT 1 LIMIT 1")
        for (row,) in found:
            for column, condition in conditions.items():
                cell = f"SELECT {column} FROM {table} WHERE rowid = {int(row)}"
                for (value,) in rows(f"{cell} AND ({condition}) IS NOT 1"):
                    content = shown(repr(value), longest=60)
                    raise sqlite3.DatabaseError(f"row {row} of {table} has the {column} {content}")


@cache
def _columns_of(schema: str) -> dict[str, list[tuple[Any, ...]]]:
    memory = sqlite3.connect(":memory:")
    try:
        memory.executescript(schema)

        def rows(query: str) -> list[tuple[Any, ...]]:
            return memory.execute(query).fetchall()

        return {name: _columns(rows, name) for name in _names(rows)}
    finally:
        memory.close()


def _names(rows: Rows) -> Iterator[str]:
    return (str(name) for (name,) in rows("SELECT name FROM sqlite_master WHERE type = 'table'"))


def _columns(rows: Rows, table: str) -> list[tuple[Any, ...]]:
    """Name, type, whether it must be there, and place in the key, of each column."""
    return rows(f"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{table}')")
