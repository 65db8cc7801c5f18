"""Profiling a space on a device."""

import tempfile
from pathlib import Path

from hwnas.api.progress import PythonListener
from hwnas.core.errors import TableError
from hwnas.core.workspace import temporary_folder
from hwnas.devices.device import Device
from hwnas.latency.model import LatencyModel
from hwnas.latency.schedule import Schedule
from hwnas.runs.config import ProfileConfig
from hwnas.runs.profiling import profile_space
from hwnas.spaces import SearchSpace

# Two sessions of few visits, and few whole networks: seconds in place of minutes.
_QUICK = Schedule(sessions=2, most_sessions=2, rounds=4, seconds=6)
_QUICK_COUNTS = ProfileConfig(fit_networks=8, check_networks=6)


def profile(
    space: SearchSpace,
    device: Device,
    *,
    table: str | Path | None = None,
    quick: bool = False,
) -> LatencyModel:
    """Measures every distinct block of a space on a device, and some whole networks.

    Args:
        space: the search space.
        device: where to measure.
        table: an SQLite file to keep the measurements in, to continue with after an interruption,
            and to share; by default they are forgotten with the model.
        quick: seconds in place of minutes, for a first look: latencies are off by more then, which
            the model says (`model.validation`).

    Returns:
        Predicts the latency of networks in ms, and knows its error on networks it has not seen.

    Raises:
        HwnasError: the device cannot be reached or trusted, or the table is another device's.
    """
    counts = _QUICK_COUNTS if quick else ProfileConfig()
    schedule = _QUICK if quick else None
    with PythonListener().progress(f"measuring {space.name} on {device.name}", "visits") as update:

        def told(done: int, total: int, what: str) -> None:
            del what
            update(done, total)

        if table is not None:
            return profile_space(space, device, Path(table), counts, told, schedule)
        within = Path(tempfile.gettempdir())
        with temporary_folder(within, "hwnas-profile-", error=TableError) as folder:
            return profile_space(space, device, folder / "table.sqlite", counts, told, schedule)
