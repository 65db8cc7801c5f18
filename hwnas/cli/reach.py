"""Budgets that cannot be kept, told before the minutes of profiling."""

from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.cli.output import Output

if TYPE_CHECKING:
    from hwnas.devices.device import Device
    from hwnas.runs.config import RunConfig
    from hwnas.spaces import SearchSpace


def check_budgets(
    output: Output, config: "RunConfig", space: "SearchSpace", device: "Device", table: Path
) -> None:
    """Says what range of latencies a space reaches on a device, where no table knows it yet.

    Raises:
        BudgetError: a budget is far out of reach.
        DeviceError: the device failed.
    """
    from hwnas.runs.reach import (
        check_cost_budgets,
        check_latency_budget,
        measure_reach,
        needs_measuring,
    )

    check_cost_budgets(config, space)
    if not needs_measuring(config, space, device, table):
        return
    title = f"measuring the smallest and the largest network on {device.name}"
    with output.progress(title, "visits") as update:
        reach = measure_reach(space, device, update)
    output.say(reach.text)
    check_latency_budget(config, reach)
