"""Profiling a space on a device."""

import tempfile
from pathlib import Path
from typing import overload

from hwnas.api.checks import check_space
from hwnas.api.loading import load_device
from hwnas.api.progress import PythonListener
from hwnas.core.errors import ConfigError, TableError
from hwnas.core.listener import Listener
from hwnas.core.workspace import temporary_folder
from hwnas.devices.device import Device
from hwnas.devices.hosts import joined_hosts
from hwnas.latency.family import AnyLatency, FamilyModel
from hwnas.latency.model import LatencyModel
from hwnas.latency.schedule import Schedule
from hwnas.runs.model_warnings import warn_of_model
from hwnas.runs.profile_config import ProfileConfig
from hwnas.runs.profile_stage import profile_stage, reached
from hwnas.runs.visit_warnings import visit_sentences
from hwnas.spaces import SearchSpace, Space

# Two sessions of few visits, and few whole networks: seconds in place of minutes.
_QUICK = Schedule(sessions=2, most_sessions=2, rounds=4, seconds=6)
_QUICK_COUNTS = ProfileConfig(fit_networks=8, check_networks=6)
_QUICK_ALONE = ProfileConfig(fit_networks=30, check_networks=6)


@overload
def profile(
    space: SearchSpace,
    device: Device | str | Path,
    *,
    table: str | Path | None = None,
    quick: bool = False,
    blocks: bool | None = None,
    ray: str | None = None,
) -> LatencyModel: ...


@overload
def profile(
    space: Space,
    device: Device | str | Path,
    *,
    table: str | Path | None = None,
    quick: bool = False,
    blocks: bool | None = None,
    ray: str | None = None,
) -> LatencyModel | FamilyModel[LatencyModel]: ...


def profile(
    space: Space,
    device: Device | str | Path,
    *,
    table: str | Path | None = None,
    quick: bool = False,
    blocks: bool | None = None,
    ray: str | None = None,
) -> AnyLatency:
    """Measures the distinct blocks of a space on a device, and whole networks, or these alone.

    Warns when the latencies cannot be relied on.

    Args:
        space: the search space; of a family every member is measured.
        device: where to measure: of `load_device`, or what that takes.
        table: an SQLite file to keep the measurements in, to continue with after an interruption,
            and to share; by default they are forgotten with the model.
        quick: seconds in place of minutes, for a first look: latencies are off by more then, which
            the model says (`model.validation`).
        blocks: whether blocks are measured by themselves; else hundreds of whole networks are, and
            the blocks are estimated from them. None where the runtime can run single blocks.
        ray: the address of a Ray cluster, "auto" where this machine belongs to it or "HOST:PORT": a
            device that is a resource of one of its hosts is measured there.

    Returns:
        Predicts the latency of networks in ms, and knows its error on networks it has not seen; of
        a family a model for each member (`members`).

    Raises:
        HwnasError: the device cannot be reached or trusted, or the table is another device's.
    """
    check_space(space)
    if isinstance(device, str | Path):
        device = load_device(device)
    if not isinstance(device, Device):
        raise ConfigError(
            "the device must be one of hwnas.load_device, or its name, and not of the type "
            f"{type(device).__name__}"
        )
    counts = ProfileConfig().changed(blocks=blocks)
    singly = counts.singly(device)
    if quick:
        counts = (_QUICK_COUNTS if singly else _QUICK_ALONE).changed(blocks=blocks)
    schedule = _QUICK if quick else None
    listener = PythonListener()
    with joined_hosts(ray) as hosts, reached(hosts, device, listener) as there:
        if table is not None:
            return _profile(space, there, Path(table), counts, listener, schedule)
        within = Path(tempfile.gettempdir())
        with temporary_folder(within, "hwnas-profile-", error=TableError) as folder:
            return _profile(space, there, folder / "table.sqlite", counts, listener, schedule)


def _profile(
    space: Space,
    device: Device,
    table: Path,
    counts: ProfileConfig,
    listener: Listener,
    schedule: Schedule | None,
) -> AnyLatency:
    found = profile_stage(space, device, table, counts, listener, schedule)
    for sentence in visit_sentences(found.warning_shares, found.disturbed):
        listener.warn(sentence)
    warn_of_model(listener, found.latency)
    return found.latency
