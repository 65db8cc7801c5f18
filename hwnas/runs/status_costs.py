"""What files of several formats cost: timed on this machine in processes of their own, or remotely.

A device of another machine, or of a GPU, times what its own runtime loads, as it does the graphs of
its table; what it takes to load a file there, and its memory, are not known.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from hwnas.core.errors import DeviceError
from hwnas.core.listener import Listener
from hwnas.devices.device import Device
from hwnas.latency.measure import run_sessions
from hwnas.latency.noise import measured_twice
from hwnas.latency.process_cost import Cost, CostSchedule, Program, process_costs
from hwnas.latency.visit_log import MemoryLog
from hwnas.runs.on_device import SCREENING

# What is known of a cost: the cost, or why there is none.
Found = Cost | str
SCHEDULE = CostSchedule()


def runs_here(device: Device) -> bool:
    """Whether the files for a device are timed in processes of their own: it is this processor."""
    return device.measurable and not device.remote and device.runtime == "onnxruntime"


def costs_here(
    device: Device, programs: Mapping[str, Program], listener: Listener
) -> dict[str, Found]:
    """The cost of each file on this machine, or why there is none, by name."""
    if not programs:
        return {}
    with listener.progress(f"measuring {_files(programs)}, each in fresh processes") as update:
        found = process_costs(
            programs,
            threads=device.threads,
            cores=device.cores,
            schedule=SCHEDULE,
            progress=update,
        )
    return {
        name: f"not timed: {one}" if isinstance(one, DeviceError) else one
        for name, one in found.items()
    }


def costs_on(
    device: Device, models: Mapping[str, bytes], cache: bytes, listener: Listener
) -> dict[str, Found]:
    """The same of files that a device loads itself: ONNX files or engines."""
    if not models:
        return {}
    log = MemoryLog(cache)
    builders: dict[str, Callable[[], bytes]] = {
        name: partial(models.__getitem__, name) for name in models
    }
    try:
        with listener.progress(f"measuring {_files(models)} on {device.name}", "visits") as update:
            run_sessions(device, builders, log, SCREENING, update)
    except DeviceError as error:
        return dict.fromkeys(models, f"not timed: {error}")
    visits, found = log.visits(), dict[str, Found]()
    for name in models:
        samples = np.concatenate([one.samples for one in visits.clean(name) or visits.of(name)])
        p50, p99 = map(float, np.quantile(samples, [0.5, 0.99]))
        found[name] = Cost(p50, p99, measured_twice(visits, name))
    return found


def _files(found: Mapping[str, object]) -> str:
    return "a file" if len(found) == 1 else f"{len(found)} files"
