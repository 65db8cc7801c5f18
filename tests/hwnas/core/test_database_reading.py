"""Databases that can be read and not be written: other users', read-only, left by a kill."""

import errno
import fcntl
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from hwnas.core.database import Database
from hwnas.core.errors import TableError
from hwnas.core.lock import warn_without_locks
from hwnas.core.mounts import file_system
from tests.other_user import another_users, public_folder, without_roots_rights

SCHEMA = "CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY)"
LATER = f"{SCHEMA};CREATE TABLE IF NOT EXISTS colours (name TEXT PRIMARY KEY, hue REAL)"


def opened(path: Path, *, reading: bool = False, schema: str = SCHEMA) -> Database:
    return Database(
        path, format_name="list of things 1", schema=schema, error=TableError, reading=reading
    )


def things(database: Database) -> list[str]:
    return [name for (name,) in database.rows("SELECT name FROM things ORDER BY name")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a database that was closed."""
    found = tmp_path / "folder"
    database = opened(found / "a.sqlite")
    database.write("INSERT INTO things VALUES ('one')")
    database.close()
    return found


@pytest.fixture
def killed(folder: Path, tmp_path: Path) -> Path:
    """The same, as a process left it that was killed after another write."""
    database = opened(folder / "a.sqlite")
    database.write("INSERT INTO things VALUES ('two')")
    copy = shutil.copytree(folder, tmp_path / "killed")
    database.close()
    assert (copy / "a.sqlite-wal").stat().st_size
    return Path(copy)


def test_what_may_not_be_written_is_read(folder: Path) -> None:
    with another_users(folder) as theirs:
        database = opened(theirs / "a.sqlite", reading=True)
        assert things(database) == ["one"]
        database.close()
        assert [path.name for path in theirs.iterdir()] == ["a.sqlite"]


@pytest.mark.parametrize("with_index", [True, False])
def test_what_a_killed_process_wrote_last_is_read_too(killed: Path, with_index: bool) -> None:
    if not with_index:
        (killed / "a.sqlite-shm").unlink()
    with another_users(killed) as theirs:
        before = {path.name: path.read_bytes() for path in theirs.iterdir()}
        database = opened(theirs / "a.sqlite", reading=True)
        assert things(database) == ["one", "two"]
        database.close()
        assert {path.name: path.read_bytes() for path in theirs.iterdir()} == before


def test_while_its_owner_writes_it_is_read(folder: Path) -> None:
    with public_folder() as root:
        path = Path(shutil.copytree(folder, root / "folder")) / "a.sqlite"
        path.parent.chmod(0o755)
        owner = opened(path)
        owner.write("INSERT INTO things VALUES ('two')")
        with without_roots_rights():
            reader = opened(path, reading=True)
            assert things(reader) == ["one", "two"]
        owner.write("INSERT INTO things VALUES ('three')")
        assert len(things(reader)) == 3
        reader.close()
        owner.close()


def test_tables_that_an_earlier_version_did_not_make_are_read_as_empty(folder: Path) -> None:
    with another_users(folder) as theirs:
        database = opened(theirs / "a.sqlite", reading=True, schema=LATER)
        assert database.rows("SELECT * FROM colours") == []
        with pytest.raises(TableError, match="copy it to where you may write"):
            database.write("INSERT INTO colours VALUES ('red', 0.0)")
        database.close()
    database = opened(folder / "a.sqlite", reading=True, schema=LATER)
    database.write("INSERT INTO colours VALUES ('red', 0.0)")  # where they can be made, they are
    database.close()


@pytest.mark.parametrize("left", [False, True])
def test_writing_to_what_may_not_be_written_is_one_sentence(
    folder: Path, killed: Path, left: bool
) -> None:
    with another_users(killed if left else folder) as theirs:
        with pytest.raises(TableError, match="make it and its folder writable, or copy it"):
            opened(theirs / "a.sqlite")
        database = opened(theirs / "a.sqlite", reading=True)
        with pytest.raises(TableError, match="make it and its folder writable, or copy it"):
            database.write("INSERT INTO things VALUES ('three')")
        database.close()


def test_a_database_that_is_only_read_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="unable to open"):
        opened(tmp_path / "none.sqlite", reading=True)
    sqlite3.connect(tmp_path / "empty.sqlite").close()
    (tmp_path / "empty.sqlite").touch()
    with pytest.raises(TableError, match="is no list of things 1"):
        opened(tmp_path / "empty.sqlite", reading=True)
    assert not (tmp_path / "none.sqlite").exists()


def test_a_file_system_without_locks_is_written_to_without_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = folder / "a.sqlite"
    # What cannot be locked looks to SQLite as if somebody had it for ever.
    somebody = sqlite3.connect(path, isolation_level=None)
    somebody.execute("PRAGMA journal_mode=DELETE")
    somebody.execute("BEGIN EXCLUSIVE")

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "lockf", refuse)
    warn_without_locks.cache_clear()
    for reading, name in ((False, "two"), (True, "three")):
        database = opened(path, reading=reading)
        database.write("INSERT INTO things VALUES (?)", (name,))
        database.close()
    somebody.close()
    assert things(opened(path)) == ["one", "three", "two"]
    (printed,) = caplog.messages  # once
    assert file_system(folder) in printed
