import os
import subprocess
import sys

import pytest

from hwnas.core.errors import DeviceError
from hwnas.devices.affinity import pin

SCRIPT = (
    "import os; from hwnas.devices.affinity import pin; print(pin({}, {}), os.sched_getaffinity(0))"
)


def pinned(cores: object, threads: int) -> str:
    """In a process of its own: what it is pinned to stays."""
    words = [sys.executable, "-c", SCRIPT.format(repr(cores), threads)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def test_auto_takes_as_many_cores_as_threads() -> None:
    printed = pinned("auto", 1)
    assert printed.startswith("yes")
    assert len(eval(printed[printed.index("{") :])) == 1


def test_the_cores_that_are_named_are_taken() -> None:
    core = min(os.sched_getaffinity(0))
    assert pinned([core], 1).endswith(f"{{{core}}}")


def test_any_and_too_many_threads_leave_all_cores() -> None:
    everything = str(os.sched_getaffinity(0))
    assert pinned("any", 1) == f"no {everything}"
    assert pinned("auto", 10_000) == f"no {everything}"


def test_cores_that_are_not_there_are_refused() -> None:
    with pytest.raises(DeviceError, match=r"the cores \[4096\] cannot be used"):
        pin((4096,), 1)
