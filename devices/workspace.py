"""Temporary folders for jobs; those of killed processes are swept away by the next."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.errors import DeviceError
from devices.lock import locked

_PREFIX = "hwnas-job-"


@contextmanager
def job_folder() -> Iterator[Path]:
    """A private folder that is gone afterwards.

    A killed process cannot remove its own, which may hold a gigabyte of graphs. Each is locked by
    its owner, so one that is not locked has none any more.

    Raises:
        DeviceError: no folder can be made.
    """
    _sweep()
    try:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    except OSError as error:
        raise DeviceError(
            f"no room for a temporary folder: {error.strerror}; set TMPDIR"
        ) from error
    try:
        with locked(folder / "lock", error=DeviceError, busy=f"{folder} is in use"):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if not (folder / "lock").is_file():
            continue  # just being made, or not ours
        try:
            with locked(folder / "lock", error=DeviceError, busy="in use"):
                shutil.rmtree(folder, ignore_errors=True)
        except DeviceError:
            continue
