"""SQLite files at rest: opened safely, every failure one sentence."""

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hwnas.core.database_file import Opened, make_whole, open_database
from hwnas.core.errors import HwnasError
from hwnas.core.foreign_text import shown
from hwnas.core.stored_rows import Rules, check_objects, check_rows, check_tables

_FORMAT = "CREATE TABLE IF NOT EXISTS format (name TEXT PRIMARY KEY)"
_RESTORE = "restore it from a copy or move it away"
# What SQLite says of a file whose tables are others; and of a cell that is no UTF-8.
_OTHER_TABLES = re.compile("no such (table|column)|has no column|Could not decode|malformed")


class Database:
    """A SQLite file of one format, created when missing.

    Every statement of `write`, and every `transaction` as a whole, is committed when it returns: a
    killed process loses at most what it was at. (A power cut may lose the last ones, never the
    file.)
    """

    def __init__(
        self,
        path: Path,
        *,
        format_name: str,
        schema: str,
        error: type[HwnasError],
        reading: bool = False,
        rules: Rules | None = None,
    ) -> None:
        """Opens or creates the file.

        Args:
            path: the file; its folder is made if missing.
            format_name: what the file holds, and the format's version, as in "latency table 1".
            schema: CREATE TABLE IF NOT EXISTS statements.
            error: what to raise.
            reading: the file is there, and it is enough to read it: one of another user, or on a
                read-only file system, will do. It is written to where that is possible.
            rules: what every cell must be, see `hwnas.core.stored_rows`.

        Raises:
            HwnasError: of the type given: another kind of file, damaged, or not writable.
        """
        self.path = path
        self._format = format_name
        self._error = error
        self._held = ExitStack()
        with self._sentences():
            if not reading:
                path.parent.mkdir(parents=True, exist_ok=True)
                make_whole(path, (_FORMAT, self._named(), *_statements(schema)))
            opened = open_database(path, reading=reading, error=error, held=self._held)
        self._connection = opened.connection
        try:
            self._open(schema, rules or {}, opened, reading)
        except BaseException:
            self.close()
            raise

    def _open(self, schema: str, rules: Rules, opened: Opened, reading: bool) -> None:
        with self._sentences():
            self._raw("PRAGMA trusted_schema = OFF")
            tables = check_objects(self._raw)
            check_tables(self._raw, _FORMAT)
            found = self._raw("SELECT name FROM format") if "format" in tables else []
            if (tables or reading) and found != [(self._format,)]:
                self._refuse(
                    shown(found[0][0], longest=60) if found else "another program's database"
                )
            check = self.rows("PRAGMA quick_check(1)")[0][0]
            if check != "ok":
                raise sqlite3.DatabaseError(check)
            check_tables(self._raw, schema)
            check_rows(self._raw, {table: rules[table] for table in rules if table in tables})
            for pragma in opened.pragmas:
                self.rows(f"PRAGMA {pragma}")
            lacking = [one for one in _statements(schema) if _created(one) not in tables]
            if opened.read_only:
                self._stand_in(lacking)
            elif lacking or not reading:
                with self.transaction():
                    self.write(_FORMAT)
                    self.write(self._named())
                    for statement in lacking:
                        self.write(statement)

    def _named(self) -> str:
        return f"INSERT OR IGNORE INTO format VALUES ('{self._format}')"

    def _refuse(self, kind: str) -> None:
        if kind.rstrip("0123456789") == self._format.rstrip("0123456789"):
            raise self._error(
                f"{self.path} was made by another version of hwnas ({kind}, this one reads "
                f"{self._format}); move it away and run the same command again"
            )
        raise self._error(f"{self.path} is no {self._format} ({kind}); name another file")

    def _stand_in(self, statements: Sequence[str]) -> None:
        """Puts empty tables in memory for those that a file lacks which cannot be written to.

        Queries then find every table of the schema, as in a file that is completed when opened.
        """
        for statement in statements:
            self.write(statement.replace("CREATE TABLE", "CREATE TEMP TABLE"))
        self.write("PRAGMA query_only=1")

    def rows(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._sentences():
            return self._raw(query, values)

    def each(self, query: str, values: tuple[object, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a query one after another, where all of them would take much memory."""
        with self._sentences():
            yield from self._connection.execute(query, values)

    def _raw(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(query, values).fetchall()

    def damaged(self, what: object) -> HwnasError:
        """The error to raise of content that cannot be, as in "row 7 of visits has no samples"."""
        return self._error(f"{self.path} is damaged: {shown(what)}; {_RESTORE}")

    def document(self, what: str, text: str, kind: type) -> Any:
        """The JSON of a cell.

        Args:
            what: names it in messages, as in "the model of small".
            text: the cell.
            kind: that it must be: dict or list.

        Raises:
            HwnasError: the file is damaged: it is no JSON, or of another kind.
        """
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self.damaged(f"{what} is no JSON ({error})") from error
        if type(content) is not kind:
            raise self.damaged(f"{what} is {shown(text, longest=60)}")
        return content

    def write(self, statement: str, values: tuple[object, ...] = ()) -> None:
        """Runs one statement that changes the file."""
        with self._sentences():
            self._connection.execute(statement, values)

    def write_many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Runs one statement for each row of values."""
        with self._sentences():
            self._connection.executemany(statement, rows)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """The statements inside happen together or not at all."""
        self.write("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        self.write("COMMIT")

    def close(self) -> None:
        """Closes the file; nothing is pending."""
        self._connection.close()
        self._held.close()

    @contextlib.contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise self._error(f"cannot record twice in {self.path}: {error}") from error
        except sqlite3.OperationalError as error:
            if _OTHER_TABLES.search(str(error)):
                raise self.damaged(error) from error
            raise self._error(f"cannot use {self.path}: {error}; {_mend(str(error))}") from error
        except (sqlite3.DatabaseError, UnicodeError) as error:
            raise self._error(
                f"{self.path} is damaged or no {self._format} ({shown(error)}); {_RESTORE}"
            ) from error
        except OSError as error:
            raise self._error(f"cannot use {self.path}: {error.strerror or error}") from error


def now() -> str:
    """The date to store with a row: ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _statements(schema: str) -> list[str]:
    return list(filter(str.strip, schema.split(";")))


def _created(statement: str) -> str:
    """The name of the table that a statement of a schema makes."""
    return statement.split("EXISTS", 1)[1].split("(", 1)[0].strip()


def _mend(error: str) -> str:
    if "locked" in error:
        return "another hwnas is writing to it, wait until that has ended"
    if "unable to open" in error or "readonly" in error:
        return (
            "make it and its folder writable, or copy it to where you may write and name the copy"
        )
    return "free some space and run the same command again"
