"""A thread that waits for a device is stopped, once, and its child with it."""

import os
import sys
import threading
import time

import pytest

from hwnas.devices.stopping import check_stop, pause, stopped_by
from hwnas.devices.transports.process import run_lines

SLEEPER = "import os; print(os.getpid(), flush=True); import time; time.sleep(3600)"


def test_a_thread_that_waits_for_output_is_stopped_with_its_child() -> None:
    stop, found = threading.Event(), list[object]()

    def wait() -> None:
        with stopped_by(stop):
            try:
                for line in run_lines([sys.executable, "-c", SLEEPER], "", where="here"):
                    found.append(int(line))
                    stop.set()
            except KeyboardInterrupt:
                found.append("stopped")
                # What clears away is not stopped again.
                found.extend(run_lines([sys.executable, "-c", "print('cleared')"], "", where="h"))

    start = time.monotonic()
    thread = threading.Thread(target=wait)
    thread.start()
    thread.join()
    assert time.monotonic() - start < 1800
    process, *rest = found
    assert rest == ["stopped", "cleared"]
    assert isinstance(process, int)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_pause_ends_early_only_where_it_is_to_stop() -> None:
    event = threading.Event()
    event.set()
    with stopped_by(event):
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            pause(3600)
        assert time.monotonic() - start < 1800
        check_stop()
    pause(0)
    check_stop()
