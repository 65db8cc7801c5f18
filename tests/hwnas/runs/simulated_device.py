"""A device whose graphs take known times, for what decides by measured latencies."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from hwnas.core.progress import Progress
from hwnas.devices.device import Device
from hwnas.latency import readings
from hwnas.latency.schedule import Schedule
from hwnas.latency.visit_log import MemoryLog
from hwnas.latency.visits import Visit
from hwnas.runs import latency_check

REFERENCE_MS = 0.2


class SimulatedDevice:
    """Stands for `run_sessions`: every measurement of a graph takes its next time, then the last.

    Attributes:
        slowness: of everything, the reference block too, in the next measurements, one after
            another; 1 behind the last.
        measured: the names of each measurement.
    """

    def __init__(self, times: Mapping[str, Sequence[float]], slowness: Sequence[float]) -> None:
        self._times = {name: list(values) for name, values in times.items()}
        self.slowness = list(slowness)
        self.measured: list[list[str]] = []

    def __call__(
        self,
        device: Device,
        builders: Mapping[str, Callable[[], bytes]],
        log: MemoryLog,
        schedule: Schedule,
        progress: Progress | None = None,
    ) -> None:
        del progress
        self.measured.append(list(builders))
        factor = self.slowness.pop(0) if self.slowness else 1.0
        for name in builders:
            ms = factor * self._next(name, device.name)
            done = {visit.session for visit in log.visits().of(name)}
            log.add(
                [
                    Visit(name, session, number, (ms,) * 3, factor * REFERENCE_MS)
                    for session in range(schedule.sessions)
                    if session not in done
                    for number in range(schedule.rounds)
                ]
            )

    def _next(self, name: str, device: str) -> float:
        kind = {latency_check.WINNER: "winner", latency_check.UNTRAINED: "untrained"}.get(name)
        if name == "reference":
            return 2.0
        kind = kind or "screened"
        left = self._times.get(f"{kind}@{device}") or self._times.get(kind) or [1.0]
        return left.pop(0) if len(left) > 1 else left[0]


def simulated_device(
    monkeypatch: pytest.MonkeyPatch,
    times: Mapping[str, Sequence[float]],
    slowness: Sequence[float] = (),
) -> SimulatedDevice:
    """Puts such a device in the place of the real one.

    Args:
        monkeypatch: of the test.
        times: ms of graphs that are "screened", of the "winner", and of the same "untrained", one
            after another; on one device alone as "winner@NAME".
        slowness: see `SimulatedDevice`.
    """
    simulated = SimulatedDevice(times, slowness)
    monkeypatch.setattr(readings, "run_sessions", simulated)
    monkeypatch.setattr("hwnas.runs.on_device.OnDevice._speed", None)
    return simulated


def no_training(update: Any) -> Callable[[int, int, float], None]:
    """Stands for the progress of a training that must not take place: its weights are kept."""
    del update

    def step(number: int, steps: int, loss: float) -> None:
        raise AssertionError(f"trained again: step {number} of {steps}, loss {loss}")

    return step
