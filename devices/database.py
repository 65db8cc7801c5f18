"""SQLite files at rest: opened safely, every failure one sentence."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devices.errors import HwnasError

# So many pages (of 4 KiB) of the write-ahead log are moved into the file at a time, which waits for
# the disk. SQLite's own 1,000 are 250 small transactions, half of whose time is then that wait.
_LOG_PAGES = 8_000


class Database:
    """A SQLite file of one format, created when missing.

    Every statement of `write`, and every `transaction` as a whole, is committed when it returns: a
    killed process loses at most what it was at. (A power cut may lose the last ones, never the
    file.)
    """

    def __init__(
        self, path: Path, *, format_name: str, schema: str, error: type[HwnasError]
    ) -> None:
        """Opens or creates the file.

        Args:
            path: the file; its folder is made if missing.
            format_name: what the file holds, and the format's version, as in "latency table 1".
            schema: CREATE TABLE IF NOT EXISTS statements.
            error: what to raise.

        Raises:
            HwnasError: of the type given: another kind of file, damaged, or not writable.
        """
        self.path = path
        self._format = format_name
        self._error = error
        with self._sentences():
            path.parent.mkdir(parents=True, exist_ok=True)
            # isolation_level None: every statement is its own transaction.
            self._connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        try:
            self._open(schema)
        except BaseException:
            self._connection.close()
            raise

    def _open(self, schema: str) -> None:
        with self._sentences():
            tables = {str(row[0]) for row in self.rows("SELECT name FROM sqlite_master")}
            found = self.rows("SELECT name FROM format") if "format" in tables else []
            if tables and found != [(self._format,)]:
                kind = str(found[0][0]) if found else "another program's database"
                if kind.rstrip("0123456789") == self._format.rstrip("0123456789"):
                    raise self._error(
                        f"{self.path} was made by another version of hwnas ({kind}, this one reads "
                        f"{self._format}); move it away and run the same command again"
                    )
                raise self._error(f"{self.path} is no {self._format} ({kind}); name another file")
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
            check = self.rows("PRAGMA quick_check(1)")[0][0]
            if check != "ok":
                raise sqlite3.DatabaseError(check)
            with self.transaction():
                self.write("CREATE TABLE IF NOT EXISTS format (name TEXT PRIMARY KEY)")
                self.write("INSERT OR IGNORE INTO format VALUES (?)", (self._format,))
                for statement in filter(str.strip, schema.split(";")):
                    self.write(statement)

    def rows(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._sentences():
            return self._connection.execute(query, values).fetchall()

    def write(self, statement: str, values: tuple[object, ...] = ()) -> None:
        """Runs one statement that changes the file."""
        with self._sentences():
            self._connection.execute(statement, values)

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

    @contextlib.contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise self._error(f"cannot record twice in {self.path}: {error}") from error
        except sqlite3.OperationalError as error:
            raise self._error(f"cannot use {self.path}: {error}; {_mend(str(error))}") from error
        except sqlite3.DatabaseError as error:
            raise self._error(
                f"{self.path} is damaged or no {self._format} ({error}); restore it from a copy or "
                "move it away"
            ) from error
        except OSError as error:
            raise self._error(f"cannot use {self.path}: {error.strerror or error}") from error


def _mend(error: str) -> str:
    if "locked" in error:
        return "another hwnas is writing to it, wait until that has ended"
    if "unable to open" in error or "readonly" in error:
        return "make it and its folder writable"
    return "free some space and run the same command again"
