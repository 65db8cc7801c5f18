"""Stopping work in threads other than the one that Ctrl-C reaches."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

LATEST_S = 0.5
"""How long a thread that waits for a device may take to notice that it is to stop."""
_here = threading.local()


@contextmanager
def stopped_by(event: threading.Event) -> Iterator[None]:
    """Once the event is set, this thread's work with devices ends as by Ctrl-C.

    It ends by one KeyboardInterrupt, so that the clean-up after it is not stopped again.
    """
    _here.event = event
    try:
        yield
    finally:
        _here.event = None


def check_stop() -> None:
    """Raises KeyboardInterrupt, once, if this thread is to stop."""
    event = getattr(_here, "event", None)
    if event is not None and event.is_set():
        _here.event = None
        raise KeyboardInterrupt


def pause(seconds: float) -> None:
    """Sleeps; raises KeyboardInterrupt at once when this thread is to stop."""
    event = getattr(_here, "event", None)
    if event is None:
        time.sleep(seconds)
    else:
        event.wait(seconds)
        check_stop()
