"""Writing files so that a crash, a full disk or Ctrl-C never leaves half of one."""

import contextlib
import os
from pathlib import Path

from devices.errors import HwnasError


def write_atomically(
    path: Path, content: bytes | str, *, error: type[HwnasError] = HwnasError
) -> None:
    """Writes a whole file or leaves what was there: a temporary file beside it, then a rename.

    Args:
        path: the file; its folder is made if missing.
        content: what it will hold; a text is written as UTF-8.
        error: what to raise.

    Raises:
        HwnasError: of the type given: the file cannot be written, for example because the disk is
            full; what was there before is still there.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    # In the same folder, since a rename is atomic within one file system only. One fixed name, so
    # that the remains of killed writers do not pile up.
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as problem:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise error(
            f"cannot write {path}: {problem.strerror or problem}; make room or choose another "
            "folder, then run the same command again"
        ) from problem


def _sync_folder(folder: Path) -> None:
    """Makes a rename outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
