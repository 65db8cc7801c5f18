"""Temporary folders: what killed processes left goes, what belongs to others stays."""

import os
import tempfile
from pathlib import Path

import pytest

from hwnas.core.errors import DeviceError
from hwnas.core.workspace import job_folder, temporary_folder
from tests.other_user import public_folder, without_roots_rights


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left_behind(folder: Path, name: str, *, lock: bool = True, age_s: float = 0.0) -> Path:
    made = folder / name
    made.mkdir()
    (made / "graph.onnx").write_text("large")
    if lock:
        (made / "lock").write_text("")
    when = made.stat().st_mtime - age_s
    os.utime(made, (when, when))
    return made


def test_what_a_killed_process_left_is_removed_by_the_next(folder: Path) -> None:
    dead = left_behind(folder, "hwnas-job-dead")
    with job_folder() as alive, job_folder() as other:
        assert sorted(folder.iterdir()) == sorted([alive, other])
        assert not dead.exists()
    assert list(folder.iterdir()) == []


def test_a_process_killed_before_it_held_its_folder_leaves_none_for_ever(folder: Path) -> None:
    old = left_behind(folder, "hwnas-job-old", lock=False, age_s=7200)
    new = left_behind(folder, "hwnas-job-new", lock=False)
    with job_folder():
        assert not old.exists()
        assert new.exists()  # its process is about to hold it


def test_folders_of_other_users_are_left_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = left_behind(folder, "hwnas-job-theirs", age_s=7200)
    monkeypatch.setattr(os, "geteuid", lambda: theirs.stat().st_uid + 1)
    with job_folder():
        assert theirs.exists()


def test_a_folder_that_is_closed_to_us_keeps_nobody_from_working(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with public_folder() as root:
        monkeypatch.setattr(tempfile, "tempdir", str(root))
        root.chmod(0o777)
        closed = left_behind(root, "hwnas-job-closed")
        closed.chmod(0o000)
        with without_roots_rights(), job_folder() as own:
            assert own.is_dir()
        closed.chmod(0o700)
        assert (closed / "graph.onnx").exists()


def test_a_link_with_the_name_of_such_a_folder_is_not_followed(folder: Path) -> None:
    elsewhere = left_behind(folder, "mine", age_s=7200)
    (folder / "hwnas-job-link").symlink_to(elsewhere)
    with job_folder():
        assert (elsewhere / "graph.onnx").exists()


def test_where_no_folder_can_be_made_is_one_sentence(tmp_path: Path) -> None:
    gone = temporary_folder(tmp_path / "gone", "x-", error=DeviceError)
    with (
        pytest.raises(DeviceError, match=r"no room for a temporary folder in .*: .*; set TMPDIR"),
        gone,
    ):
        pass
