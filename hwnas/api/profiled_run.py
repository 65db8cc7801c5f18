"""ProfiledRun: the first stage of a run, measuring its space on its devices."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hwnas.api.checks import names_of
from hwnas.runs.opened import OpenedRun

if TYPE_CHECKING:
    from hwnas.runs.fleet import Outcome
    from hwnas.runs.profile_stage import Profiled


class ProfiledRun(OpenedRun):
    """What `Run` can measure."""

    def profile(
        self,
        *,
        energy: bool = False,
        blocks: bool | None = None,
        refuse: bool = False,
        ray: str | None = None,
    ) -> "Profiled":
        """Measures the space on the run's device into its latency table.

        Args:
            energy: whether energies are measured too, on an NVIDIA GPU, as `profile.energy` says.
            blocks: false for whole networks alone; None for what `profile.blocks` says.
            refuse: whether a latency budget out of reach is refused instead of warned about.
            ray: the address of a Ray cluster, "auto" or "HOST:PORT": a device that is a resource
                of one of its hosts is measured there.

        Raises:
            BudgetError: a budget is out of reach.
            ConfigError, RunError: the cluster cannot be joined, or two hosts have the device.
            DeviceError: the device failed; what was measured is kept.
            TableError: the table is another device's, or cannot be written.
        """
        from hwnas.devices.hosts import joined_hosts
        from hwnas.runs.profile_stage import profile_experiment

        experiment, listener = self.experiment, self.listener
        counts = experiment.config.profile.changed(energy=energy, blocks=blocks)
        self.forget_latencies()
        with joined_hosts(ray) as hosts:
            return profile_experiment(experiment, counts, listener, refuse=refuse, hosts=hosts)

    def profile_further(self) -> "list[Profiled]":
        """Measures on those further devices of budgets that have no table of the space yet.

        Raises:
            ConfigError, DeviceError, TableError: see `profile`.
        """
        from hwnas.runs.profile_stage import profile_further

        self.forget_latencies()
        return profile_further(self.experiment, self.listener)

    def profile_devices(
        self,
        devices: str | Sequence[str],
        *,
        energy: bool = False,
        blocks: bool | None = None,
        ray: str | None = None,
    ) -> "list[Outcome]":
        """Measures the space on several devices at once, each into its own table.

        Args:
            devices: their names, or the paths of their files; one, or a list.
            energy: see `profile`.
            blocks: see `profile`.
            ray: see `profile`.

        Raises:
            ConfigError, RunError: a device is wrong, or the cluster cannot be joined, before any
                is measured.
        """
        from hwnas.devices.hosts import joined_hosts
        from hwnas.runs.fleet import fleet_stage, load_fleet

        experiment = self.experiment
        members = load_fleet(names_of(devices), experiment.config, experiment.sources)
        self.forget_latencies()
        counts = experiment.config.profile.changed(energy=energy, blocks=blocks)
        with joined_hosts(ray) as hosts:
            return fleet_stage(experiment.space, members, counts, self.listener, hosts)
