"""Temporary folders; those of killed processes are swept away by the next."""

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hwnas.core.errors import DeviceError, HwnasError
from hwnas.core.files import check_name
from hwnas.core.lock import locked

_PREFIX = "hwnas-job-"
_LOCK, _UNLOCKED = "lock", "lock.new"
# A folder gets its lock within milliseconds: one without has lost its process before that.
_OLD_S = 3600.0


@contextmanager
def job_folder() -> Iterator[Path]:
    """A private folder among the temporary ones, that is gone afterwards.

    Raises:
        DeviceError: no folder can be made.
    """
    try:
        within = Path(tempfile.gettempdir())
    except OSError as error:
        raise DeviceError(
            f"no room for a temporary folder: {error.strerror}; set TMPDIR"
        ) from error
    check_name(within, DeviceError, "set TMPDIR to another folder for temporary files")
    with temporary_folder(within, _PREFIX, error=DeviceError) as folder:
        yield folder


@contextmanager
def temporary_folder(
    within: Path, prefix: str, *, error: type[HwnasError], advice: str = "set TMPDIR"
) -> Iterator[Path]:
    """A private folder in another one that is gone afterwards.

    A killed process cannot remove its own, which may hold a gigabyte of graphs. Each is locked by
    its owner, so one that is not locked has none any more: those of this user are removed first.
    What belongs to other users is left alone.

    Args:
        within: where it is made.
        prefix: of its name; what begins like that and is locked in this way is one of these.
        error: what to raise.
        advice: what to do where none can be made.

    Raises:
        HwnasError: of the type given: no folder can be made.
    """
    _sweep(within, prefix)
    try:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=within))
    except OSError as problem:
        raise error(
            f"no room for a temporary folder in {within}: {problem.strerror}; {advice}"
        ) from problem
    try:
        with locked(folder / _UNLOCKED, error=error, busy=f"{folder} is in use"):
            # Not before it is held: another process must not find it free.
            (folder / _UNLOCKED).rename(folder / _LOCK)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(within: Path, prefix: str) -> None:
    """Removes the folders of this user's processes that ended without doing so."""
    try:
        folders = [one for one in within.iterdir() if one.name.startswith(prefix)]
    except OSError:  # where none can be made either
        return
    for folder in folders:
        with suppress(OSError, HwnasError):  # gone meanwhile, or held by a process
            status = folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
                continue
            if not (folder / _LOCK).is_file():
                if time.time() - status.st_mtime > _OLD_S:
                    shutil.rmtree(folder, ignore_errors=True)
                continue
            with locked(folder / _LOCK, error=HwnasError, busy="in use", everywhere=True):
                shutil.rmtree(folder, ignore_errors=True)
