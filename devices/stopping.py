"""Stopping what runs in other threads than the one that Ctrl-C reaches."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

LATEST_S = 0.5
"""How long after the wish to stop a thread that waits for a device learns of it."""
_here = threading.local()


@contextmanager
def stopped_by(event: threading.Event) -> Iterator[None]:
    """Once the event is set, what this thread does with devices ends as by Ctrl-C.

    It ends by one KeyboardInterrupt: what is cleared away after it is not stopped again.
    """
    _here.event = event
    try:
        yield
    finally:
        _here.event = None


def check_stop() -> None:
    """Raises KeyboardInterrupt where this thread is to stop and has not been told yet."""
    event = getattr(_here, "event", None)
    if event is not None and event.is_set():
        _here.event = None
        raise KeyboardInterrupt


def pause(seconds: float) -> None:
    """Sleeps, and raises KeyboardInterrupt as `check_stop` does, at once."""
    event = getattr(_here, "event", None)
    if event is None:
        time.sleep(seconds)
    else:
        event.wait(seconds)
        check_stop()
