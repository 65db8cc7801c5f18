"""The first stage: a space measured on a device."""

from pathlib import Path

import numpy as np

from devices.device import Device
from hwnas.runs.config import ProfileConfig
from hwnas.runs.experiment import reference_of, scope_of
from hwnas.spaces import SearchSpace
from latency.blocks import Network
from latency.measure import Progress, Schedule
from latency.model import LatencyModel
from latency.profile import profile
from latency.table import LatencyTable


def profile_space(
    space: SearchSpace,
    device: Device,
    table_path: Path,
    counts: ProfileConfig,
    progress: Progress | None = None,
) -> LatencyModel:
    """Measures the blocks of a space and of its reference network, and some whole networks.

    Raises:
        DeviceError, TableError: see `latency.profile.profile`.
    """
    reference = reference_of(space) or ()
    fit, check = sampled_networks(space, counts)
    with LatencyTable(table_path) as table:
        return profile(
            device,
            table,
            scope=scope_of(space),
            blocks=[*space.blocks(), *reference],
            fit_networks=fit,
            check_networks=check,
            schedule=Schedule(),
            progress=progress,
        )


def sampled_networks(
    space: SearchSpace, counts: ProfileConfig
) -> tuple[list[Network], list[Network]]:
    """Whole networks to measure, for the fit and for the check: always the same ones."""
    wanted = counts.fit_networks + counts.check_networks
    drawn = space.sample(np.random.default_rng(0), 4 * wanted)
    networks = list(dict.fromkeys(space.networks(drawn)))[:wanted]
    # A tiny space may hold fewer: then half of what there is goes to each.
    fit = min(counts.fit_networks, len(networks) // 2)
    return networks[:fit], networks[fit:]
