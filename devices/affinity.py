"""Which cores a job runs on: threads are pinned where the system allows it, the fastest first."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from hwnas.core.errors import DeviceError
from hwnas.core.reading import reading

Cores = Literal["auto", "any"] | tuple[int, ...]
"""As in device configs: chosen by hwnas, left to the system, or exactly these."""

_CPUS = Path("/sys/devices/system/cpu")


def pin(cores: str | Sequence[int], threads: int) -> str:
    """Pins this process, and the threads that it will start, to some cores.

    A thread that moves between cores loses its caches, and on big.LITTLE chips it may land on a
    core of another speed. "auto" takes as many cores as there are threads: those with the highest
    maximum clock, and of these the last ones, because the first core serves most interrupts.

    Returns:
        As in a fingerprint: "no", "yes", or "yes, up to 2400 MHz" where the clock can be read.

    Raises:
        DeviceError: the cores that were named cannot be used.
    """
    if cores == "any" or not hasattr(os, "sched_setaffinity"):
        return "no"
    usable = reading(lambda: sorted(os.sched_getaffinity(0)))
    if usable is None:
        return "no"
    if cores == "auto":
        if len(usable) < threads:
            return "no"
        chosen = sorted(usable, key=lambda core: (_most_mhz(core), core))[-threads:]
    else:
        chosen = [int(core) for core in cores]
    try:
        os.sched_setaffinity(0, chosen)
    except OSError as error:
        if cores == "auto":
            return "no"
        raise DeviceError(
            f"the cores {chosen} cannot be used, only {usable} can; change 'cores' in the device's "
            "file"
        ) from error
    slowest = min(map(_most_mhz, chosen))
    return f"yes, up to {slowest} MHz" if slowest else "yes"


def _most_mhz(core: int) -> int:
    """The maximum clock of a core, 0 where it cannot be read."""
    try:
        return int((_CPUS / f"cpu{core}/cpufreq/cpuinfo_max_freq").read_text()) // 1000
    except (OSError, ValueError):
        return 0
