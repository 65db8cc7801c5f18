"""Locks: who holds one, and file systems that have none."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hwnas.core import lock
from hwnas.core.errors import RunError
from hwnas.core.lock import locked
from hwnas.core.mounts import file_system
from tests.other_user import another_users


def held(path: Path, **options: bool) -> None:
    with locked(path, error=RunError, busy="busy", **options):
        pass


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> int:
    """A file system without locks; the test's parameter is what it answers."""
    code: int = getattr(request, "param", errno.ENOLCK)

    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    lock.warn_without_locks.cache_clear()
    return code


def test_a_lock_is_held_once(tmp_path: Path) -> None:
    with locked(tmp_path / "l", error=RunError, busy="busy"):
        with pytest.raises(RunError, match="busy"):
            held(tmp_path / "l")
        with pytest.raises(RunError, match="busy"):
            held(tmp_path / "l", reading=True)
    held(tmp_path / "l")


def test_readers_hold_a_lock_together(tmp_path: Path) -> None:
    held(tmp_path / "l")
    with locked(tmp_path / "l", error=RunError, busy="busy", reading=True):
        held(tmp_path / "l", reading=True)
        with pytest.raises(RunError, match="busy"):
            held(tmp_path / "l")


def test_readers_need_no_lock_where_they_can_have_none(tmp_path: Path) -> None:
    held(tmp_path / "folder" / "l")
    held(tmp_path / "folder" / "none", reading=True)
    assert not (tmp_path / "folder" / "none").exists()
    with another_users(tmp_path / "folder") as theirs:
        held(theirs / "none", reading=True)
        held(theirs / "l", reading=True)
        with pytest.raises(
            RunError,
            match="is read-only for this user; make it writable",
        ):
            held(theirs / "none")


def test_other_users_cannot_hold_a_lock_that_is_not_theirs(tmp_path: Path) -> None:
    held(tmp_path / "l")
    assert (tmp_path / "l").stat().st_mode & 0o007 == 0


@pytest.mark.parametrize(
    "no_locks",
    [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL, errno.EIO],
    indirect=True,
)
@pytest.mark.usefixtures("no_locks")
def test_a_file_system_without_locks_does_not_mean_busy(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    held(tmp_path / "l")
    held(tmp_path / "l", wait=True)
    (printed,) = caplog.messages  # once
    assert file_system(tmp_path) in printed


@pytest.mark.usefixtures("no_locks")
@pytest.mark.skipif(sys.platform != "linux", reason="sockets without a file are Linux's")
def test_there_processes_of_one_machine_still_wait_for_each_other(tmp_path: Path) -> None:
    with locked(tmp_path / "l", error=RunError, busy="busy"):
        (tmp_path / "l").rename(tmp_path / "m")
        with pytest.raises(RunError, match="busy"):
            held(tmp_path / "m")
        held(tmp_path / "other")
    held(tmp_path / "m")
    with pytest.raises(RunError, match="busy"):  # those of other machines may have it
        held(tmp_path / "m", everywhere=True)


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from hwnas.core.lock import locked\n"
        "with locked(Path(sys.argv[1]), error=Exception, busy=''): os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "l")]
    assert subprocess.run(command, check=False).returncode == -9
    held(tmp_path / "l")


def test_the_innermost_mount_of_a_path_is_its_file_system(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
        f"2 1 0:50 / {tmp_path} rw shared:1 - lustre mgs:/fs rw\n"
        f"3 2 0:51 / {tmp_path}-other rw - nfs4 server:/x rw\n"
        "nonsense\n"
    )
    assert file_system(tmp_path / "a/b", mounts) == f"lustre, mounted at {tmp_path}"
    assert file_system(Path("/usr"), mounts) == "ext4, mounted at /"
    assert file_system(tmp_path, tmp_path / "none") == "its file system"
