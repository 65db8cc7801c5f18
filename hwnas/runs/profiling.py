"""The first stage: a space measured on a device."""

from pathlib import Path

from hwnas.devices.device import Device
from hwnas.latency.energy import check_energy, profile_energy
from hwnas.latency.energy_model import EnergyModel
from hwnas.latency.family import AnyEnergy, AnyLatency
from hwnas.latency.identity import read_identity
from hwnas.latency.profile import VisitsProgress, profile
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.runs.latencies import model_of, of_space, scope_of
from hwnas.runs.profile_config import ProfileConfig
from hwnas.runs.sampled_networks import sampled_networks
from hwnas.spaces import Space
from hwnas.spaces.references.of_space import reference_member, reference_of


def profile_space(
    space: Space,
    device: Device,
    table_path: Path,
    counts: ProfileConfig,
    progress: VisitsProgress | None = None,
    schedule: Schedule | None = None,
) -> AnyLatency:
    """Measures the blocks of a space and of its reference network, and some whole networks.

    Or many whole networks, the reference among them, and no block, as the config or the device's
    runtime says (`ProfileConfig.blocks`).

    Of a family each member one after the other, into one table with a model for each.

    The blocks inside chains too, and the energy of everything, where the config says so
    (`ProfileConfig`); the table has the energy model then. `schedule` says how often each is
    visited; by default as often as a latency that is to be relied on needs.

    Raises:
        ConfigError: there are too few networks, or blocks are wanted where none can run.
        DeviceError, TableError: see `hwnas.latency.profile.profile` and
            `hwnas.latency.energy.profile_energy`.
    """
    device.require_measurable()
    singly = counts.singly(device)
    identity = read_identity(device)  # before a table is made for it
    if counts.energy:
        check_energy(device)  # before hours are spent on latencies
    every = [(one, *sampled_networks(one, counts, singly=singly)) for one in space.members]
    with LatencyTable(table_path) as table:
        models = {}
        for member, fit, check in every:
            reference = reference_of(space) if member is reference_member(space) else None
            scope, blocks = scope_of(member), [*member.blocks(), *(reference or ())]
            if reference and not singly and reference not in check:
                fit = list(dict.fromkeys([*fit, reference]))
            models[scope] = profile(
                device,
                table,
                scope=scope,
                blocks=blocks,
                fit_networks=fit,
                check_networks=check,
                chains=counts.chained(device),
                singly=singly,
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
                    chains=counts.chained(device),
                    singly=singly,
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
