"""Temporary folders for jobs; those of killed processes are swept away by the next."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.errors import DeviceError
from devices.lock import locked

_PREFIX = "hwnas-job-"
# Before it is locked: others that start at the same moment must not take it for a dead one.
_NEW = "hwnas-new-"


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
        made = Path(tempfile.mkdtemp(prefix=_NEW))
    except OSError as error:
        raise DeviceError(
            f"no room for a temporary folder: {error.strerror}; set TMPDIR"
        ) from error
    folder = made.with_name(_PREFIX + made.name.removeprefix(_NEW))
    try:
        with locked(made / "lock", error=DeviceError, busy=f"{made} is in use"):
            made.rename(folder)
            yield folder
    finally:
        for path in (made, folder):
            shutil.rmtree(path, ignore_errors=True)


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if not (folder / "lock").is_file():
            continue  # not ours
        try:
            with locked(folder / "lock", error=DeviceError, busy="in use"):
                shutil.rmtree(folder, ignore_errors=True)
        except DeviceError:
            continue
