"""Readings: a measured latency, whether it can be relied on, and how to measure it again.

A busy machine takes longer for everything. What it takes for the reference block tells that apart
from a network that is slow: where it was slow itself, a reading says so in place of a verdict.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from hwnas.devices.device import Device
from hwnas.latency.anchors import ANCHOR, Anchor, judged_by
from hwnas.latency.measure import run_sessions, timed_model
from hwnas.latency.noise import measured_twice
from hwnas.latency.schedule import Schedule
from hwnas.latency.verdict import USABLE
from hwnas.latency.visit_log import MemoryLog
from hwnas.latency.visits import (
    AFFECTED,
    AFFECTED_WARNING,
    MOST_AFFECTED,
    LatencySummary,
    Speed,
    Visits,
)

# Sessions of every further measurement of the same graphs.
_MORE = 4


@dataclass(frozen=True)
class Reading:
    """The latency of a graph by all visits so far, and how disturbed these were.

    Attributes:
        summary: of its visits, at the speed that the machine is known to have.
        noise: what its latencies by two halves of the sessions differ by, relative to their mean.
        affected: share of its visits during which the machine was slow, 0 to 1.
        slower: by which share the reference block took longer around them than it usually does.
    """

    summary: LatencySummary
    noise: float = 0.0
    affected: float = 0.0
    slower: float = 0.0

    @property
    def ms(self) -> float:
        """The latency."""
        return self.summary.ms

    @property
    def disturbed(self) -> str | None:
        """Why this cannot be relied on, as a sentence with its figures; None where it can."""
        if AFFECTED_WARNING in self.summary.warnings:
            return _slow(self.affected, self.slower)
        if self.slower < 1 - AFFECTED:
            return (
                f"cannot measure now: the machine is {-self.slower:.0%} faster than when its "
                "latency table was measured: it was busy then"
            )
        if self.noise > USABLE:
            return (
                f"cannot measure now: measuring twice differs by {self.noise:.0%}, at most "
                f"{USABLE:.0%} is usable"
            )
        return None

    @property
    def doubt(self) -> float:
        """By which share the latency may be another one: 0 where nothing disturbed it."""
        return max(self.noise, abs(self.slower)) if self.disturbed else 0.0

    def keeps(self, bound: float) -> bool | None:
        """Whether the latency is at most a bound in ms; None where that is not certain."""
        if self.ms * (1 + self.doubt) <= bound:
            return True
        return False if self.ms > bound * (1 + self.doubt) else None

    def to_dict(self) -> dict[str, Any]:
        """Beside the summary, for files: `noise`, `affected`, `slower`, `disturbed`."""
        return {
            "noise": self.noise,
            "affected": self.affected,
            "slower": self.slower,
            "disturbed": self.disturbed,
        }


@dataclass(frozen=True)
class KnownDevice:
    """What a device's latency table knows of it.

    Attributes:
        speed: that the device is known to have, see `Visits.known`.
        anchor: a network of the table, to be measured beside others.
        cache: of the runtime, see `LatencyTable.cache`.
    """

    speed: Speed | None = None
    anchor: Anchor | None = None
    cache: bytes = b""


class Bench:
    """Some models on one device, measured side by side as often as is asked for; visits add up."""

    def __init__(
        self,
        device: Device,
        models: Mapping[str, Callable[[], bytes]],
        schedule: Schedule,
        known: KnownDevice = KnownDevice(),
    ) -> None:
        """Measures nothing yet.

        Args:
            device: where.
            models: what builds the file of each, by name.
            schedule: of the first measurement; every further one has four sessions more.
            known: of the device.
        """
        self._device, self._models, self._schedule = device, dict(models), schedule
        self._log, self._speed = MemoryLog(known.cache, known.speed), known.speed
        self._anchor = known.anchor if known.speed is not None else None
        self._sessions: dict[str, int] = {}

    def measure(
        self,
        names: Iterable[str] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> dict[str, Reading]:
        """Visits some models, or all, in further sessions, and returns what is known of them.

        Raises:
            DeviceError: the device failed.
        """
        wanted = list(self._models if names is None else names)
        first = max((self._sessions.get(name, 0) for name in wanted), default=0)
        plan = self._schedule
        if first:
            sessions = first + _MORE
            plan = replace(plan, sessions=sessions, most_sessions=sessions)
        models = {name: self._models[name] for name in wanted}
        if self._anchor is not None:
            models[ANCHOR] = partial(timed_model, self._anchor.network, self._device, inner=False)
        run_sessions(self._device, models, self._log, plan, progress)
        visits = self._judged()
        for name in wanted:
            self._sessions[name] = 1 + max(visit.session for visit in visits.of(name))
        return {name: reading_of(visits, name) for name in wanted}

    def _judged(self) -> Visits:
        visits = self._log.visits()
        if self._anchor is None or self._speed is None:
            return visits
        return Visits(judged_by(visits, self._anchor, self._speed), self._speed)


def bench_of(
    device: Device, models: Mapping[str, bytes], schedule: Schedule, known: KnownDevice
) -> Bench:
    """A bench of serialised models, see `Bench`."""
    builders = {name: (lambda model=model: model) for name, model in models.items()}
    return Bench(device, builders, schedule, known)


def reading_of(visits: Visits, graph: str) -> Reading:
    """The reading of a visited graph, of two sessions at least."""
    return Reading(
        visits.summary(graph),
        measured_twice(visits, graph),
        visits.affected_share(graph),
        visits.slower(graph),
    )


def disturbance(visits: Visits) -> str | None:
    """Why what was measured cannot be relied on as a whole; None where nothing speaks against it.

    That is where the machine was slow during more than half of the visits, so that all count.
    """
    share = visits.affected_share()
    return _slow(share, visits.slower()) if share > MOST_AFFECTED else None


def _slow(affected: float, slower: float) -> str:
    return (
        f"cannot measure now: the machine was slow during {affected:.0%} of the visits (what "
        f"never changes took {slower:.0%} longer than usual)"
    )
