"""Writing files so that a crash, a full disk or Ctrl-C never leaves half of one."""

import contextlib
import os
import tempfile
from pathlib import Path

from devices.errors import HwnasError


def write_atomically(path: Path, content: bytes | str) -> None:
    """Writes a whole file or leaves what was there: a temporary file beside it, then a rename.

    Raises:
        HwnasError: the file cannot be written, for example because the disk is full.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except OSError as error:
        raise HwnasError(
            f"cannot write {path}: {error.strerror or error}; make room or choose another folder, "
            "then run the same command again"
        ) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(FileNotFoundError):
                Path(temporary).unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
