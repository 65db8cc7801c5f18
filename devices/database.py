"""SQLite files at rest: opened safely, every failure one sentence."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from devices.errors import HwnasError


class Database:
    """A SQLite file of one format, created when missing.

    Every `with database.transaction()` block is on disk when it ends, or has not happened.
    """

    def __init__(
        self, path: Path, *, format_name: str, schema: str, error: type[HwnasError]
    ) -> None:
        """Opens or creates the file.

        Args:
            path: the file.
            format_name: what the file holds and its version, as in "hwnas latency table 1".
            schema: CREATE TABLE statements, IF NOT EXISTS.
            error: what to raise.

        Raises:
            HwnasError: of the type given: not such a file, damaged, or not writable.
        """
        self.path = path
        self._error = error
        self._connection: sqlite3.Connection | None = None
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=30, isolation_level=None)
            self._connection = connection
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
            if tables and "format" not in tables:
                raise error(f"{path} is not a {format_name}")
            with self.transaction() as write:
                write.execute("CREATE TABLE IF NOT EXISTS format (name TEXT PRIMARY KEY)")
                if not tables:
                    write.execute("INSERT OR IGNORE INTO format VALUES (?)", (format_name,))
                for statement in filter(str.strip, schema.split(";")):
                    write.execute(statement)
            found = [row[0] for row in connection.execute("SELECT name FROM format")]
            if found != [format_name]:
                raise error(f"{path} is a {', '.join(found)}, not a {format_name}")

    def rows(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """All rows of a query."""
        with self._explained():
            return self._open().execute(query, values).fetchall()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Statements that happen together or not at all."""
        connection = self._open()
        with self._explained():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Closes the file; later calls fail."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise self._error(f"{self.path} is closed")
        return self._connection

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            damaged = not isinstance(error, sqlite3.OperationalError)
            mend = (
                "the file is damaged or of another kind: move it away and run again"
                if damaged
                else "nothing stored is lost: mend that and run the same command again"
            )
            raise self._error(f"cannot use {self.path}: {error}; {mend}") from error
        except OSError as error:
            raise self._error(f"cannot use {self.path}: {error.strerror or error}") from error
