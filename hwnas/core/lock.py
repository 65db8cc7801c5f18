"""One process at a time: a lock that ends with the process that holds it, however it ends."""

import errno
import fcntl
import logging
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from hwnas.core.errors import HwnasError
from hwnas.core.files import reason
from hwnas.core.mounts import file_system

_LOG = logging.getLogger(__name__)
# For the owner and the group: whoever may open a lock file can hold it for ever.
_MODE = 0o660
# What of a lock a reader does without.
_NOT_OURS = (PermissionError, FileNotFoundError)
_POLL_S = 0.2


@contextmanager
def locked(
    path: Path,
    *,
    error: type[HwnasError],
    busy: str,
    wait: bool = False,
    reading: bool = False,
    everywhere: bool = False,
) -> Iterator[None]:
    """Holds the lock file, which stays behind empty.

    On a file system without locks (Lustre and NFS may be mounted so) it holds back the processes of
    this user on this machine alone, and a warning says so once.

    Args:
        path: the lock file; its folder is made if missing.
        error: what to raise.
        busy: the sentence to raise when another process holds it.
        wait: wait for that process instead.
        reading: several may hold it, unless one that is not reading does; where the lock file can
            neither be opened nor made, go on without.
        everywhere: where it would not hold back processes of other machines, call it busy.

    Raises:
        HwnasError: of the type given: another process holds the lock, or it cannot be made.
    """
    try:
        descriptor = _opened(path, reading)
    except OSError as problem:
        if reading and (isinstance(problem, _NOT_OURS) or problem.errno == errno.EROFS):
            yield
            return
        raise error(
            f"cannot use {path.parent}: {reason(problem)}; make it writable or name another one"
        ) from problem
    stand_in: socket.socket | None = None
    try:
        how = fcntl.LOCK_SH if reading else fcntl.LOCK_EX
        try:
            fcntl.flock(descriptor, how | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as problem:
            raise error(busy) from problem
        except OSError as problem:  # no other code means that somebody holds it
            if everywhere:
                raise error(busy) from problem
            warn_without_locks(file_system(path))
            if not reading:
                stand_in = _socket_of(descriptor, wait)
                if stand_in is None:
                    raise error(busy) from problem
        yield
    finally:
        if stand_in is not None:
            stand_in.close()
        os.close(descriptor)


def _opened(path: Path, reading: bool) -> int:
    if reading:
        return os.open(path, os.O_RDONLY)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, _MODE)
    except PermissionError:
        if not path.exists():
            raise
        # Made by somebody else who shares the folder: to be opened is enough.
        return os.open(path, os.O_RDONLY)


def _socket_of(descriptor: int, wait: bool) -> socket.socket | None:
    """A name that one process of this user on this machine can have, None when one has it.

    The system frees the name when the process ends. It is that of the open file, so that it stays
    the same when the file is renamed.
    """
    found = socket.socket(socket.AF_UNIX)
    if sys.platform != "linux":  # which alone has sockets without a file
        return found
    status = os.fstat(descriptor)
    name = f"\0hwnas-{os.getuid()}-{status.st_dev}-{status.st_ino}"
    while True:
        try:
            found.bind(name)
        except OSError:
            if not wait:
                found.close()
                return None
            time.sleep(_POLL_S)
        else:
            return found


@cache
def warn_without_locks(where: str) -> None:
    """Says, once a process, that a file system (see `hwnas.core.mounts`) keeps no locks."""
    _LOG.warning(
        "warning: this file system (%s) keeps no locks: start no two hwnas commands in one folder "
        "there from several machines at once, or work on a local disk",
        where,
    )
