"""What `hwnas quickstart` measures on the further devices that budgets name."""

from typing import TYPE_CHECKING

from hwnas.cli.output import Output

if TYPE_CHECKING:
    from hwnas.runs.experiment import Experiment


def profile_further(experiment: "Experiment", output: Output) -> None:
    """Profiles every device of a budget `latency@DEVICE` that has no table of the space yet.

    A device whose timings were imported has one, or the search says what is missing; so has one
    that was profiled before, which need not be at hand.

    Raises:
        ConfigError: there is no such device, or its file is wrong.
        DeviceError, TableError: see `hwnas.runs.profiling.profile_space`.
    """
    from hwnas.cli.show import show_model
    from hwnas.runs.latencies import unprofiled_devices
    from hwnas.runs.profiling import profile_space

    config, space = experiment.config, experiment.space
    for device, table in unprofiled_devices(config, space, experiment.sources):
        with output.progress(f"measuring {space.name} on {device.name}", "visits") as update:
            model = profile_space(space, device, table, config.profile, update)
        show_model(output, table, space, model)
