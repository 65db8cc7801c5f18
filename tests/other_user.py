"""Files of another user, in tests that may run as root."""

import ctypes
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_VERSION = 0x20080522
_OVERRIDE = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH


@contextmanager
def another_users(folder: Path) -> Iterator[Path]:
    """A copy of a folder that may be read here and not be written, as if another user's."""
    with public_folder() as root:
        copy = root / folder.name
        shutil.copytree(folder, copy)
        for path in (copy, *copy.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        with without_roots_rights():
            yield copy


@contextmanager
def public_folder() -> Iterator[Path]:
    """A folder that every user may read, among the temporary ones; pytest's own are closed."""
    root = Path(tempfile.mkdtemp(prefix="hwnas-test-"))
    try:
        root.chmod(0o755)
        yield root
    finally:
        for path in (root, *root.rglob("*")):
            if path.is_dir():
                path.chmod(0o700)
        shutil.rmtree(root)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    """Capabilities 0 to 31, and 32 to 63, of a thread; see capget(2)."""

    _fields_ = tuple(
        (f"{name}{part}", ctypes.c_uint32)
        for part in (0, 1)
        for name in ("effective", "permitted", "inheritable")
    )


@contextmanager
def without_roots_rights() -> Iterator[None]:
    """As root, without the capabilities that override permissions in this thread.

    Files stay root's own, so that the checkout and the environment may lie in a private folder.
    """
    if os.geteuid():
        yield
        return
    library = ctypes.CDLL(None, use_errno=True)
    header, had = _Header(_VERSION, 0), _Sets()
    _checked(library.capget(ctypes.byref(header), ctypes.byref(had)))
    less = _Sets.from_buffer_copy(had)
    less.effective0 &= ~_OVERRIDE
    _checked(library.capset(ctypes.byref(header), ctypes.byref(less)))
    try:
        yield
    finally:
        _checked(library.capset(ctypes.byref(header), ctypes.byref(had)))


def _checked(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
