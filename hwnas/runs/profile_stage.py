"""The profiling stage: a space measured on a device."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hwnas.core.errors import BudgetError
from hwnas.core.listener import Listener
from hwnas.devices.device import Device
from hwnas.devices.hosts import THIS_MACHINE, Hosts, where
from hwnas.latency.energy import check_energy
from hwnas.latency.family import AnyEnergy, AnyLatency
from hwnas.latency.readings import disturbance
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.latency.visits import warning_shares
from hwnas.runs.config import RunConfig
from hwnas.runs.experiment import Experiment
from hwnas.runs.latencies import unprofiled_devices
from hwnas.runs.profile_config import ProfileConfig
from hwnas.runs.profiling import energy_of, profile_space
from hwnas.runs.reach import check_budgets
from hwnas.spaces import Space


@dataclass(frozen=True)
class Profiled:
    """A space that was measured on a device.

    Attributes:
        space: what was measured.
        device: where.
        table: the latency table that holds the timings.
        latency: the latency model, with its error on networks that it has not seen.
        energy: the energy model; None where energies were not asked for.
        warning_shares: the share of the visits with each warning that came, 0 to 1, by its name.
        disturbed: why the timings cannot be relied on as a whole; None where nothing says so.
    """

    space: Space
    device: Device
    table: Path
    latency: AnyLatency
    energy: AnyEnergy | None
    warning_shares: Mapping[str, float]
    disturbed: str | None

    def __repr__(self) -> str:
        return (
            f"Profiled({self.space.name} on {self.device.name}, table={str(self.table)!r}, "
            f"{self.latency!r})"
        )


def profile_stage(
    space: Space,
    device: Device,
    table: Path,
    counts: ProfileConfig,
    listener: Listener,
    schedule: Schedule | None = None,
) -> Profiled:
    """Measures what a table lacks of a space, and fits its models.

    Args:
        space: what to measure.
        device: where.
        table: where the timings go; what it holds already is not measured again.
        counts: how many whole networks, and if energies too.
        listener: gets progress, sentences and warnings.
        schedule: how often each graph is visited; see `hwnas.runs.profiling.profile_space`.

    Raises:
        DeviceError, TableError: see `hwnas.runs.profiling.profile_space`.
    """
    with listener.progress(f"measuring {space.name} on {device.name}", "visits") as update:
        latency = profile_space(space, device, table, counts, update, schedule)
    with LatencyTable.existing(table) as opened:
        visits = opened.visits()
    shares = warning_shares(visits)
    energy = energy_of(space, table) if counts.energy else None
    return Profiled(space, device, table, latency, energy, shares, disturbance(visits))


def profile_experiment(
    experiment: Experiment,
    counts: ProfileConfig,
    listener: Listener,
    *,
    refuse: bool,
    hosts: Hosts = THIS_MACHINE,
) -> Profiled:
    """Measures the space of an experiment on its device.

    A latency budget that is out of reach is reported before the minutes that measuring takes.

    Args:
        experiment: of a run.
        counts: see `profile_stage`.
        listener: gets progress, sentences and warnings.
        refuse: whether such a budget is an error; else it is a warning, as the table serves other
            budgets too.
        hosts: of which one reaches the device.

    Raises:
        BudgetError: a budget is out of reach, and is refused.
        ConfigError: it cannot be said which host has the device.
        DeviceError, TableError: see `profile_stage`.
    """
    with reached(hosts, experiment.device, listener) as device:
        if counts.energy:
            check_energy(device)
        try:
            check_budgets(experiment, listener)
        except BudgetError as error:
            if refuse:
                raise
            listener.warn(str(error))
        return profile_stage(experiment.space, device, experiment.table_path, counts, listener)


@contextmanager
def reached(hosts: Hosts, device: Device, listener: Listener) -> Iterator[Device]:
    """A device as its host reaches it; says which one that is.

    Raises:
        ConfigError: it cannot be said which host has the device.
        DeviceError: its host cannot begin.
    """
    if hosts is not THIS_MACHINE:
        listener.say(where(hosts, [device]))
    with hosts.reaching(device, listener) as found:
        yield found


def profile_further(experiment: Experiment, listener: Listener) -> list[Profiled]:
    """Measures on every device of a budget `latency@DEVICE` that has no table of the space yet.

    A device whose timings were imported has one, or the search says what is missing; so has one
    that was profiled before, which need not be at hand.

    Raises:
        ConfigError: there is no such device, or its file is wrong.
        DeviceError, TableError: see `profile_stage`.
    """
    config: RunConfig = experiment.config
    return [
        profile_stage(experiment.space, device, table, config.profile, listener)
        for device, table in unprofiled_devices(config, experiment.space, experiment.sources)
    ]
