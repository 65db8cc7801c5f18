"""Conditions: clock, temperature and load of a machine while it is measured, where readable."""

import math
import os
from importlib import import_module
from pathlib import Path
from typing import Any

from hwnas.core.reading import reading
from hwnas.devices.nvml import GpuSensors

# A target needs no more than its runtime: without psutil, less is read. A psutil that was built for
# another system may be installed and fail to import.
psutil: Any = reading(lambda: import_module("psutil"))
# Among the thermal zones of phones are sensors of other quantities, in other units.
_LEAST_CELSIUS, _MOST_CELSIUS = -50.0, 200.0
# On Jetsons, always 50 or 100 °C: "PMIC-Die", which hwmon spells "PMIC_Die".
_CONSTANT = "pmic_die"


class Conditions:
    """Reads clock, temperature, load and the processor time that other programs took.

    Shares of processor time are since the previous reading.
    """

    def __init__(self, gpu: GpuSensors | None = None) -> None:
        """Takes the sensors of the GPU, if a GPU is measured."""
        self._gpu = gpu or GpuSensors()
        self._before = reading(_times)

    def read(self) -> dict[str, float]:
        """What can be read of the following.

        `mhz`: mean clock of the cores; `celsius`: the hottest sensor; `load`: processes that wanted
        to run, over the last minute; `others` and `stolen`: share of the machine's processor time
        that other processes used, and that a hypervisor gave to other machines (both 0 to 1); and
        those of a GPU, see `GpuSensors.read`.
        """
        found: dict[str, float | None] = dict(self._gpu.read())
        found["mhz"] = reading(_mhz)
        found["celsius"] = hottest()
        found["load"] = reading(lambda: round(os.getloadavg()[0], 2))
        now = reading(_times)
        if now is not None and self._before is not None:
            others, stolen, elapsed = (a - b for a, b in zip(now, self._before, strict=True))
            if elapsed > 0:
                found["others"] = round(min(1.0, max(0.0, others / elapsed)), 4)
                found["stolen"] = round(min(1.0, max(0.0, stolen / elapsed)), 4)
        self._before = now
        return {
            name: value
            for name, value in found.items()
            if value is not None and math.isfinite(value)
        }


def _mhz() -> float | None:
    return round(float(psutil.cpu_freq().current), 1) or None


def _times() -> tuple[float, float, float]:
    """Seconds of other processes, stolen seconds, and seconds in all, over all cores."""
    times = psutil.cpu_times()
    stolen = getattr(times, "steal", 0.0)
    idle = times.idle + getattr(times, "iowait", 0.0)
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    total = sum(times) - guests  # which user and nice include
    mine = psutil.Process().cpu_times()
    return total - idle - stolen - (mine.user + mine.system), stolen, total


def hottest(root: Path = Path("/")) -> float | None:
    """The highest temperature of all sensors in °C, None where none can be read.

    Args:
        root: where the thermal zones of /sys are.
    """
    return reading(lambda: _hottest(root))


def _hottest(root: Path) -> float | None:
    readings = [float(sensor.current) for sensor in sensors()]
    for zone in (root / "sys/class/thermal").glob("thermal_zone*"):  # phones have no hwmon
        try:
            if not _is_constant(read_text(zone / "type")):
                readings.append(int(read_text(zone / "temp")) / 1000)
        except ValueError:
            continue
    readings = [one for one in readings if _is_possible(one)]
    return round(max(readings), 1) if readings else None


def sensors() -> list[Any]:
    """The sensors of psutil, without those that are not connected or never change."""
    return reading(_sensors) or []


def _sensors() -> list[Any]:
    return [
        sensor
        for name, group in psutil.sensors_temperatures().items()
        for sensor in group
        if sensor.current
        and _is_possible(sensor.current)
        and not (_is_constant(name) or _is_constant(getattr(sensor, "label", "")))
    ]


def _is_possible(celsius: float) -> bool:
    return _LEAST_CELSIUS <= celsius <= _MOST_CELSIUS


def _is_constant(name: str) -> bool:
    return name.lower().replace("-", "_") == _CONSTANT


def read_text(path: Path) -> str:
    """A file's content, "" where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
