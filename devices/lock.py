"""One process at a time: a lock that ends with the process that holds it, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.errors import HwnasError


@contextmanager
def locked(path: Path, *, error: type[HwnasError], busy: str, wait: bool = False) -> Iterator[None]:
    """Holds the lock file, which stays behind empty.

    Args:
        path: the lock file; its folder is made if missing.
        error: what to raise.
        busy: the sentence to raise when another process holds it.
        wait: wait for that process instead.

    Raises:
        HwnasError: of the type given: another process holds the lock, or it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as problem:
        raise error(f"cannot use {path.parent}: {problem.strerror}") from problem
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError as problem:
            raise error(busy) from problem
        yield
    finally:
        os.close(descriptor)
