"""Readings of a machine, which may fail in whatever way and are worth no measurement."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def reading(read: Callable[[], T]) -> T | None:
    """What a function reads of the machine, None where that fails in whatever way.

    Boards, containers and old kernels lack files that libraries expect, which then raise whatever
    comes of that: NotImplementedError, FileNotFoundError, ValueError, IndexError. What cannot be
    read is not controlled; it does not end the measurement beside it.
    """
    try:
        return read()
    except Exception:
        return None
