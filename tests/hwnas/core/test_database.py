from pathlib import Path

import pytest

from hwnas.core.database import Database
from hwnas.core.errors import TableError

SCHEMA = "CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY)"


def opened(path: Path, format_name: str = "list of things 1") -> Database:
    return Database(path, format_name=format_name, schema=SCHEMA, error=TableError)


def test_what_is_written_is_there_after_reopening(tmp_path: Path) -> None:
    database = opened(tmp_path / "a.sqlite")
    database.write("INSERT INTO things VALUES (?)", ("one",))
    database.close()
    assert opened(tmp_path / "a.sqlite").rows("SELECT name FROM things") == [("one",)]


def test_a_transaction_that_fails_changes_nothing(tmp_path: Path) -> None:
    database = opened(tmp_path / "a.sqlite")

    def half() -> None:
        with database.transaction():
            database.write("INSERT INTO things VALUES ('one')")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert database.rows("SELECT name FROM things") == []


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "a.sqlite").close()
    with pytest.raises(TableError, match=r"is no list of other things 1 \(list of things 1\)"):
        opened(tmp_path / "a.sqlite", "list of other things 1")


def test_a_file_of_another_version_says_what_to_do_with_it(tmp_path: Path) -> None:
    opened(tmp_path / "a.sqlite").close()
    with pytest.raises(TableError, match=r"made by another version of hwnas .* move it away"):
        opened(tmp_path / "a.sqlite", "list of things 2")


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TableError, match=r"cannot use .*a\.sqlite: "):
        opened(tmp_path / "file" / "a.sqlite")
