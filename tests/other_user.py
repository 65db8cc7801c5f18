"""Files of another user, in tests that may run as root."""

import ctypes
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NOBODY = 65534


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


@contextmanager
def without_roots_rights() -> Iterator[None]:
    """As root, opens files in this thread with nobody's rights; other users have none to lose."""
    if os.geteuid():
        yield
        return
    library = ctypes.CDLL(None)
    library.setfsuid(_NOBODY)  # of Linux: takes the capabilities that override permissions, too
    try:
        yield
    finally:
        library.setfsuid(0)
