"""The first stage: a space measured on a device."""

from pathlib import Path

import numpy as np

from hwnas.core.errors import ConfigError
from hwnas.devices.device import Device
from hwnas.latency.energy import check_energy, profile_energy
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.family import AnyEnergy, AnyLatency
from hwnas.latency.identity import read_identity
from hwnas.latency.profile import VisitsProgress, profile
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.networks.blocks import Network
from hwnas.runs.config import ProfileConfig
from hwnas.runs.latencies import model_of, of_space, scope_of
from hwnas.spaces import SearchSpace, Space
from hwnas.spaces.references.of_space import reference_member, reference_of
from hwnas.spaces.sampling import spread_sample


def profile_space(
    space: Space,
    device: Device,
    table_path: Path,
    counts: ProfileConfig,
    progress: VisitsProgress | None = None,
    schedule: Schedule | None = None,
) -> AnyLatency:
    """Measures the blocks of a space and of its reference network, and some whole networks.

    Of a family each member one after the other, into one table with a model for each.

    The blocks inside chains too, and the energy of everything, where the config says so
    (`ProfileConfig`); the table has the energy model then. `schedule` says how often each is
    visited; by default as often as a latency that is to be relied on needs.

    Raises:
        DeviceError, TableError: see `hwnas.latency.profile.profile` and
            `hwnas.latency.energy.profile_energy`.
    """
    device.require_measurable()
    identity = read_identity(device)  # before a table is made for it
    if counts.energy:
        check_energy(device)  # before hours are spent on latencies
    every = [(one, *sampled_networks(one, counts)) for one in space.members]
    with LatencyTable(table_path) as table:
        models = {}
        for member, fit, check in every:
            reference = reference_of(space) if member is reference_member(space) else None
            scope, blocks = scope_of(member), [*member.blocks(), *(reference or ())]
            models[scope] = profile(
                device,
                table,
                scope=scope,
                blocks=blocks,
                fit_networks=fit,
                check_networks=check,
                chains=_chains(counts, device),
                schedule=schedule,
                progress=progress,
                identity=identity,
            )
            if counts.energy:
                profile_energy(
                    device,
                    table,
                    scope=scope,
                    blocks=blocks,
                    fit_networks=fit,
                    check_networks=check,
                    chains=_chains(counts, device),
                    progress=progress and (lambda done, total: progress(done, total, "energies")),
                )
    return of_space(space, models)


def energy_of(space: Space, table: Path) -> AnyEnergy:
    """The energy model of a space in a table; of a family that of each member.

    Raises:
        TableError: the table is not there, or holds none.
    """
    with LatencyTable.existing(table) as opened:
        return model_of(opened, space, EnergyModel)


def sampled_networks(
    space: SearchSpace, counts: ProfileConfig
) -> tuple[list[Network], list[Network]]:
    """Whole networks to measure, for the fit and for the check: always the same ones.

    Each set goes from small networks to large ones; the smallest and the largest of the space are
    for the fit, so that it need not extrapolate.

    Raises:
        ConfigError: there are no two networks to check by.
    """
    wanted = counts.fit_networks + counts.check_networks
    networks = space.networks(spread_sample(space, np.random.default_rng(0), wanted))
    fit = counts.fit_networks
    if len(networks) < wanted:  # a tiny space: half of what there is for each
        fit = len(networks) // 2
    if len(networks) - fit < 2:
        raise ConfigError(
            f"the space {space.name} holds {len(networks)} networks, too few to check a latency "
            "model by; 'hwnas profile --model' times a single network"
        )
    chosen = set(np.linspace(0, len(networks) - 1, fit).round().astype(int).tolist())
    return (
        [network for index, network in enumerate(networks) if index in chosen],
        [network for index, network in enumerate(networks) if index not in chosen],
    )


def _chains(counts: ProfileConfig, device: Device) -> bool:
    if counts.chains == "auto":
        return device.runtime_spec.on_gpu
    return counts.chains == "always"
