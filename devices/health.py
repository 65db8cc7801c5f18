"""Health: what makes timings on a machine unreliable, and how to fix it."""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from hwnas.core.reading import reading
from hwnas.devices.conditions import Conditions, hottest, psutil, sensors
from hwnas.devices.health_files import Finding, finding, system_findings
from hwnas.devices.installing import pip_install

MOST_OTHERS = 0.10
"""Share of one core: less than scrolling a page takes, and more than a machine at rest."""
LEAST_NAMED = 0.05
MOST_STOLEN = 0.01
LEAST_DISTANCE = 10.0
"""°C below a sensor's limit: chips lower their clock before they reach the limit."""
LEAST_MEMORY = 0.10
LEAST_BYTES = 1e9
"""The graphs of one job take up to 0.6 GB, see `hwnas.latency.measure`."""
_OF_PSUTIL = "other work, stolen time, battery, memory and more temperatures"


def read_health(
    pinned: str,
    cores: Any,
    threads: int,
    *,
    root: Path = Path("/"),
    work: Callable[[], None] | None = None,
) -> list[Finding]:
    """Everything that can be read, after a second of work on the cores to be measured.

    Args:
        pinned: what `hwnas.devices.affinity.pin` returned.
        cores: of the device.
        threads: of the device.
        root: where /sys and /proc are.
        work: what to do before; an idle machine has a low clock and no stolen time.
    """
    conditions, shares = Conditions(), _Shares()
    (work or _busy_second)()
    read, busiest = conditions.read(), shares.read()
    count = os.cpu_count() or 1
    return [
        _load(read.get("load"), count, threads),
        _others(read.get("others"), count, busiest),
        _stolen(read.get("stolen"), count),
        _or_unreadable("temperature", partial(_temperature, root)),
        _or_unreadable("battery", _battery),
        _or_unreadable("memory", _memory),
        _pinning(pinned, cores, threads),
        *system_findings(_used_cores(), threads, root),
        _or_unreadable("free space", _space),
        *([_no_psutil()] if psutil is None else []),
    ]


def _or_unreadable(name: str, read: Callable[[], Finding]) -> Finding:
    return reading(read) or finding(name, None, True)


def _no_psutil() -> Finding:
    """What could be read with psutil; its absence is no fault of the machine."""
    advice = f"{pip_install('psutil')}, so that {_OF_PSUTIL} are read, too"
    return {"name": "psutil", "value": "not installed", "ok": True, "advice": advice}


class _Shares:
    """Which other processes run, and how much of a core each takes."""

    def __init__(self) -> None:
        self._processes = reading(lambda: list(self._foreign())) or []
        for process in self._processes:
            self._share(process)

    def read(self) -> list[tuple[str, float]]:
        """The five busiest processes, with their share of a core since this object was made."""
        shares = sorted(map(self._share, self._processes), reverse=True)
        return [(name, share) for share, name in shares[:5] if share >= LEAST_NAMED]

    @staticmethod
    def _foreign() -> Any:
        """All processes but this one, its parents (which wait for it) and its children."""
        me = psutil.Process()
        own = {process.pid for process in [me, *me.parents(), *me.children(recursive=True)]}
        return (process for process in psutil.process_iter() if process.pid not in own)

    @staticmethod
    def _share(process: Any) -> tuple[float, str]:
        # None where it has ended, or may not be looked at.
        found = reading(lambda: (process.cpu_percent() / 100, f"{process.name()} [{process.pid}]"))
        return found or (0.0, "")


def _load(load: float | None, count: int, threads: int) -> Finding:
    value = None if load is None else f"{load:.2f} on {count} cores"
    # Up to 0.5 is usual for a machine at rest that runs this check.
    ok = load is None or load <= max(0.5, count - threads)
    return finding(
        "load",
        value,
        ok,
        "wait until the programs that run now have ended, or stop them ('top' lists them)",
    )


def _others(share: float | None, count: int, busiest: Sequence[tuple[str, float]]) -> Finding:
    if share is None:
        return finding("other work", None, True)
    total = share * count
    value = f"{100 * total:.0f} % of a core"
    if busiest:
        value += f" ({', '.join(f'{name} {100 * part:.0f} %' for name, part in busiest)})"
    elif total > MOST_OTHERS:
        value += " (of processes that cannot be seen from here)"
    names = " and ".join(name for name, _ in busiest) or "the other programs on this machine"
    advice = f"stop {names} while measuring"
    return finding("other work", value, total <= MOST_OTHERS, advice)


def _stolen(share: float | None, count: int) -> Finding:
    if share is None:
        return finding("stolen time", None, True)
    return finding(
        "stolen time",
        f"{100 * share * count:.1f} % of a core",
        share * count <= MOST_STOLEN,
        "the hypervisor gives the cores of this machine to others: use a machine with cores of its "
        "own, or measure at a quieter time",
    )


def _temperature(root: Path) -> Finding:
    """The sensor that is nearest to its limit, or the hottest one where none has a limit."""
    found = sensors()
    limited = [(limit - one.current, one) for one in found if (limit := one.high or one.critical)]
    advice = "let the machine cool down, or cool it better: near its limit a chip lowers its clock"
    if not limited:
        celsius = hottest(root)
        if celsius is None:
            return finding("temperature", None, True)
        return finding("temperature", f"{celsius:.0f} °C", celsius < 85, advice)
    distance, nearest = min(limited, key=lambda pair: pair[0])
    value = f"{nearest.current:.0f} °C, {distance:.0f} °C below its limit"
    if distance < 0:
        value = f"{nearest.current:.0f} °C, {-distance:.0f} °C above its limit"
    return finding("temperature", value, distance >= LEAST_DISTANCE, advice)


def _battery() -> Finding:
    battery = psutil.sensors_battery()
    if battery is None:
        return finding("battery", "none", True)
    source = "plugged in" if battery.power_plugged else "on battery"
    return finding(
        "battery",
        f"{battery.percent:.0f} %, {source}",
        bool(battery.power_plugged),
        "plug the device in: on battery the system saves power by lower clocks",
    )


def _memory() -> Finding:
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    value = (
        f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB available, "
        f"{swap.used / 1e9:.1f} GB swapped out"
    )
    ok = memory.available >= LEAST_MEMORY * memory.total and swap.used <= 0.1 * memory.total
    return finding(
        "memory",
        value,
        ok,
        "close other programs: memory that is swapped out is read back during measurements",
    )


def _space() -> Finding:
    """Of the working folder, which holds the graphs."""
    free = shutil.disk_usage(Path.cwd()).free
    return finding(
        "free space",
        f"{free / 1e9:.1f} GB",
        free > LEAST_BYTES,
        "make room for graphs: on this machine set TMPDIR, on a remote one the device's 'folder'",
    )


def _pinning(pinned: str, cores: Any, threads: int) -> Finding:
    usable = len(_used_cores())
    if cores == "any":
        advice = "write 'cores: auto' into the device's file, so that threads stay on their cores"
    elif usable and usable < threads:
        advice = f"lower the device's 'threads' to {usable}: this process may use no more cores"
    else:
        advice = "this system pins no threads: run nothing else on it while measuring"
    return finding("pinned to cores", pinned, pinned != "no", advice)


def _used_cores() -> list[int]:
    """The cores that this process may use after it was pinned; none where that is unknown."""
    return reading(lambda: sorted(os.sched_getaffinity(0))) or []


def _busy_second() -> None:
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        pass
