"""The devices that a winner is for: the run's own, and those that budgets name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hwnas.core.errors import DeviceError, TableError
from hwnas.core.listener import Listener
from hwnas.devices.device import Device, Fingerprint
from hwnas.latency.anchors import anchors_of
from hwnas.latency.family import AnyLatency
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.table import LatencyTable
from hwnas.latency.visits import Speed
from hwnas.networks.blocks import Network
from hwnas.objectives.budgets import LATENCY, device_of
from hwnas.runs.experiment import Experiment
from hwnas.runs.latencies import further_table
from hwnas.runs.latency_check import LatencyCheck, Patience
from hwnas.runs.on_device import OnDevice
from hwnas.runs.searching import RunSearch

OWN = ""
"""The name of the run's own device among the places."""


@dataclass
class MeasuredPlace:
    """One of those devices.

    Attributes:
        name: `OWN`, or as the budget calls it.
        device: what that is.
        latency: its latency model.
        bound: the budget on it in ms; None for none.
        on: the device, asked.
        check: its measurements.
        problem: why nothing is measured on it, a sentence; "" where it can be.
    """

    name: str
    device: Device
    latency: AnyLatency
    bound: float | None
    on: OnDevice
    check: LatencyCheck
    problem: str = ""

    def predicted(self, network: Network) -> float | None:
        """In ms; None where the table lacks blocks of the network."""
        if self.latency.missing(network):
            return None
        return float(self.latency.predict([network])[0])

    @property
    def of(self) -> str:
        """As it is called behind a figure; the run's own is not."""
        return f" on {self.name}" if self.name else ""

    @property
    def suffix(self) -> str:
        """What marks a file or a key that is for this device alone."""
        return f"@{self.name}" if self.name else ""

    @property
    def stem(self) -> str:
        """Of its files in an export folder: "model", or "model@pi"."""
        return f"model@{self.device.name}" if self.name else "model"


def own_place(
    experiment: Experiment,
    latency: AnyLatency,
    result: RunSearch,
    listener: Listener,
    patience: Patience,
) -> MeasuredPlace:
    """The run's own device, with the smallest of its budgets."""
    device = experiment.device
    on = OnDevice(
        device,
        listener,
        speed=lambda: experiment.held_latency().known_speed,
        anchors=lambda: experiment.held_latency().known_anchors,
        cache=experiment.timing_cache,
        image_input=experiment.config.export.input,
    )
    bound = result.problem.bound(LATENCY)
    problem = "" if device.measurable else f"the timings of {device.name} were imported"
    return MeasuredPlace(
        OWN, device, latency, bound, on, LatencyCheck(on, bound, patience), problem
    )


def further_places(
    experiment: Experiment, result: RunSearch, listener: Listener, patience: Patience
) -> list[MeasuredPlace]:
    """The devices of budgets `latency@DEVICE`; those that cannot be reached have a problem.

    Raises:
        ConfigError: there is no such device, or its file is wrong.
        TableError: what answers under that name is no longer the device of its table.
    """
    places: list[MeasuredPlace] = []
    for budget in result.problem.limits:
        name = device_of(budget.name)
        if name is None:
            continue
        device = experiment.sources.device(name)
        path = further_table(experiment.config, name, experiment.sources)
        on = OnDevice(
            device,
            listener,
            speed=partial(_of_table, path, _speed_of, None),
            anchors=partial(_of_table, path, anchors_of, ()),
            cache=partial(_of_table, path, LatencyTable.cache, b""),
            image_input=experiment.config.export.input,
        )
        model = experiment.further_latencies[budget.name]
        check = LatencyCheck(on, budget.bound, patience)
        place = MeasuredPlace(name, device, model, budget.bound, on, check)
        if not device.measurable:
            place.problem = f"the timings of {device.name} were imported"
        else:
            place.problem = _unreachable(device, path)
        places.append(place)
    return places


def say_problems(places: Sequence[MeasuredPlace], listener: Listener) -> None:
    """Says on which devices nothing is measured, and why."""
    for place in places:
        if place.problem:
            what = "not measured" if not place.name else f"{place.name}: predicted only"
            listener.say(f"{what}: {place.problem}")


def _of_table(path: Path, read: Callable[[LatencyTable], Any], without: Any) -> Any:
    """What a table says, or the run holds its latency model without the table."""
    if not path.is_file():
        return without
    with LatencyTable.existing(path) as table:
        return read(table)


def _speed_of(table: LatencyTable) -> Speed | None:
    return table.visits().speed


def _fingerprint_of(table: LatencyTable) -> Fingerprint | None:
    return table.fingerprint


def _unreachable(device: Device, path: Path) -> str:
    try:
        here = read_fingerprint(device)
    except DeviceError as error:
        return str(error)
    stored: Fingerprint | None = _of_table(path, _fingerprint_of, None)
    difference = stored.difference(here) if stored is not None else None
    if difference:
        raise TableError(
            f"{path} holds the timings of another device than {device.name} now is: "
            f"{difference}; profile it into a new table and search again"
        )
    return ""
