"""Which cores a job runs on: pinned where the system allows, the fastest ones first."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from hwnas.core.errors import DeviceError
from hwnas.core.reading import reading

Cores = Literal["auto", "any"] | tuple[int, ...]
"""As device configs say it: chosen by hwnas, left to the system, or these very ones."""

_CPUS = Path("/sys/devices/system/cpu")


def pin(cores: str | Sequence[int], threads: int) -> str:
    """Binds this process, and the threads it will start, to some cores.

    A thread that moves between cores leaves its caches behind, and on big.LITTLE chips lands on a
    core of another speed. "auto" takes as many cores as there are threads: the fastest by their
    greatest clock, of those the last, because the first serves most interrupts.

    Returns:
        What a fingerprint says of it: "no", "yes", or "yes, up to 2400 MHz" where that is readable.

    Raises:
        DeviceError: the cores that were named cannot be had.
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
            f"the cores {chosen} cannot be had, this process may use {usable}; "
            "change 'cores' of the device"
        ) from error
    slowest = min(map(_most_mhz, chosen))
    return f"yes, up to {slowest} MHz" if slowest else "yes"


def _most_mhz(core: int) -> int:
    """The greatest clock of a core, 0 where the system does not say."""
    try:
        return int((_CPUS / f"cpu{core}/cpufreq/cpuinfo_max_freq").read_text()) // 1000
    except (OSError, ValueError):
        return 0
