"""How a SQLite file is opened: to be written, to be read only, or without the locks it wants."""

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path

from hwnas.core.errors import HwnasError
from hwnas.core.lock import warn_without_locks
from hwnas.core.mounts import file_system
from hwnas.core.workspace import temporary_folder

_PATIENCE_MS = 30_000
# So many pages (of 4 KiB) of the write-ahead log are moved into the file at a time, which waits for
# the disk. SQLite's own 1,000 are 250 small transactions, half of whose time is then that wait.
_LOG_PAGES = 8_000
# What SQLite answers where it may not write (its log, beside the file, is needed to read, too), and
# where it cannot lock.
_CLOSED = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)
_UNLOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR)


@dataclass(frozen=True)
class Opened:
    """A connection, every statement of which is its own transaction.

    Attributes:
        connection: ready to be read.
        read_only: whether nothing can be written through it.
        pragmas: what is to be set before it is written, once it is known to be the right file.
    """

    connection: sqlite3.Connection
    read_only: bool = False
    pragmas: tuple[str, ...] = ()


def open_database(path: Path, *, reading: bool, error: type[HwnasError], held: ExitStack) -> Opened:
    """Opens a SQLite file, or makes one.

    Args:
        path: the file.
        reading: it is there, and where it cannot be written it is read as it is.
        error: what a temporary folder raises that cannot be made.
        held: what lives as long as the connection.

    Raises:
        sqlite3.Error: it cannot be opened, or is not an SQLite file.
        OSError: it cannot be read.
    """
    try:
        log = () if reading else ("journal_mode=WAL",)
        return Opened(_connected(path, "rw" if reading else "rwc"), pragmas=log)
    except sqlite3.OperationalError as problem:
        code = problem.sqlite_errorcode & 0xFF
        if reading and code in _CLOSED:
            return Opened(_as_it_is(path, error, held), read_only=True)
        if code in _UNLOCKED and not _keeps_locks(path.parent):
            warn_without_locks(file_system(path))
            # The log wants locks, a journal does not; from then on others may read it.
            journal = ("journal_mode=DELETE", "locking_mode=NORMAL")
            return Opened(_without_locks(path), pragmas=journal)
        raise


def make_whole(path: Path, statements: Iterable[str]) -> None:
    """Makes a SQLite file with its tables in one step, unless there is one.

    A process that is killed then leaves no file without tables behind, which would be taken for
    another program's. Where the file system cannot do it, nothing is made.
    """
    if path.exists() or not hasattr(os, "O_TMPFILE"):
        return
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:
        for statement in statements:
            memory.execute(statement)
        content = memory.serialize()
    with suppress(OSError):
        # A file without a name, which is gone with its process, until it is linked to one.
        descriptor = os.open(path.parent, os.O_TMPFILE | os.O_WRONLY, 0o644)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            # With a folder, since os.link follows no links of /proc without.
            opened = os.open(path.parent, os.O_RDONLY)
            try:
                os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=opened)
            finally:
                os.close(opened)


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    connection = _connection(f"{_uri(path)}?mode={mode}")
    try:
        # What cannot be locked looks as if it were in use, and that for the whole time to wait.
        try:
            connection.execute("SELECT name FROM sqlite_master").fetchall()
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode & 0xFF not in _UNLOCKED or not _keeps_locks(path.parent):
                raise
            connection.execute(f"PRAGMA busy_timeout={_PATIENCE_MS}")
            connection.execute("SELECT name FROM sqlite_master").fetchall()
        connection.execute(f"PRAGMA busy_timeout={_PATIENCE_MS}")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
    except BaseException:
        connection.close()
        raise
    return connection


def _as_it_is(path: Path, error: type[HwnasError], held: ExitStack) -> sqlite3.Connection:
    """Reads a file that cannot be written, nor anything beside it."""
    log = path.with_name(f"{path.name}-wal")
    if log.is_file() and log.stat().st_size:
        # Left by a process that was killed: part of the content, which only a copy can be given.
        folder = held.enter_context(
            temporary_folder(Path(tempfile.gettempdir()), "hwnas-job-", error=error)
        )
        for file in (path, log):
            shutil.copyfile(file, folder / file.name)
        return _connection(f"{_uri(folder / path.name)}?mode=rw")
    return _connection(f"{_uri(path)}?mode=ro&immutable=1")


def _without_locks(path: Path) -> sqlite3.Connection:
    """For a file system that keeps no locks; one process at a time is for the caller to see to."""
    connection = _connection(f"{_uri(path)}?mode=rwc&vfs=unix-none")
    connection.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()
    return connection


def _keeps_locks(folder: Path) -> bool:
    """Whether files of a folder can be locked as SQLite does it; True where that is unknown."""
    with suppress(OSError), tempfile.TemporaryFile(dir=folder) as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return True


def _connection(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None)


def _uri(path: Path) -> str:
    return path.absolute().as_uri()
