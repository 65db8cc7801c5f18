"""Writing files so that a crash, a full disk or Ctrl-C never leaves half of one."""

import contextlib
import errno
import os
import tempfile
from pathlib import Path

from hwnas.core.errors import HwnasError
from hwnas.core.foreign_text import shown

_TEMPORARY = ".tmp"
_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


def write_atomically(
    path: Path,
    content: bytes | str,
    *,
    error: type[HwnasError] = HwnasError,
    lasting: bool = True,
) -> None:
    """Writes a whole file or leaves what was there: a temporary file beside it, then a rename.

    Args:
        path: the file; its folder is made if missing.
        content: what it will hold; a text is written as UTF-8.
        error: what to raise.
        lasting: whether it has to outlast a power cut, for which the disk is waited for.

    Raises:
        HwnasError: of the type given: the file cannot be written, for example because the disk is
            full; what was there before is still there.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    # In the same folder, since a rename is atomic within one file system only. One fixed name, so
    # that the remains of killed writers do not pile up.
    temporary = path.with_name(f".{path.name}{_TEMPORARY}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
        if lasting:
            _sync_folder(path.parent)
    except OSError as problem:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise error(
            f"cannot write {path}: {reason(problem)}; {advice(problem)}, then run the same command "
            "again"
        ) from problem


def advice(problem: OSError) -> str:
    """What to do where a file or folder cannot be written."""
    if problem.errno in _READ_ONLY:
        return "make it writable or choose another folder"
    return "make room or choose another folder"


def reason(problem: OSError) -> str:
    """Why a file or folder cannot be written, in words."""
    named = problem.filename
    if isinstance(problem, FileExistsError | NotADirectoryError) and Path(named or "").is_file():
        return f"{shown(named)} is a file, not a folder"
    if problem.errno in _READ_ONLY and isinstance(named, str):
        folder = next((one for one in Path(named).parents if one.is_dir()), Path())
        return f"the folder {shown(folder)} is read-only for this user"
    return problem.strerror or str(problem)


def remove_remains(folder: Path, *, depth: int) -> None:
    """Removes what killed writers left in a folder that no other process writes to now.

    Args:
        folder: it, and the folders in it, are looked through.
        depth: how far down.
    """
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.name.startswith(".") and path.name.endswith(_TEMPORARY):
                path.unlink()
            elif depth and path.is_dir() and not path.is_symlink():
                remove_remains(path, depth=depth - 1)


def check_name(path: Path, error: type[HwnasError], advice: str) -> None:
    """Refuses a path that is not UTF-8, which libraries in other languages cannot open.

    Args:
        path: as it was given; what lies above a relative one does not matter.
        error: what to raise.
        advice: what to do.

    Raises:
        HwnasError: of the type given.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as problem:
        raise error(f"the name {shown(path)} is not UTF-8; {advice}") from problem


def may_be_written(folder: Path) -> bool:
    """Whether this user may make files in a folder that is there; only trying shows it."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except PermissionError:
        return False
    except OSError as error:  # a full disk is another matter
        return error.errno != errno.EROFS


def _sync_folder(folder: Path) -> None:
    """Makes a rename outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
