"""Noise: how much timings on a device differ from each other, before it is profiled."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hwnas.devices.answers import Facts, TargetVisit
from hwnas.devices.device import Device
from hwnas.devices.target import Round, Target, open_target
from hwnas.latency.measure import reference_model, timed_model
from hwnas.latency.reference import NETWORK
from hwnas.latency.schedule import REFERENCE
from hwnas.latency.visits import AFFECTED, FIRST_HALF, SECOND_HALF, Visit, Visits

NETWORK_NAME = "network"


@dataclass(frozen=True)
class Noise:
    """What measuring the same twice differs by, and why; 0.01 is 1 %, but for the times.

    Attributes:
        noise: of the whole network, the difference of the latencies by two halves of the sessions,
            relative to their mean: what a table or an export measured here will be off by.
        spread: of the reference block's inferences, (p90 - p10) / p10.
        slow_share: of the reference block's visits, those more than 10 % above the low quantile:
            a table visits again what was timed then.
        drift: change of the reference block's time from the check's begin to its end, by a
            Theil-Sen line, relative to its low quantile; positive when it became slower.
        session_spread: of the whole network, (max - min) / min of the latencies by each session.
        reference_ms: 10 % quantile of the reference block, ms.
        network_ms: latency of the whole network, ms.
        seconds: how long the check took.
    """

    noise: float
    spread: float
    slow_share: float
    drift: float
    session_spread: float
    reference_ms: float
    network_ms: float
    seconds: float


@dataclass(frozen=True)
class Check:
    """How noise is measured.

    Attributes:
        sessions: processes, one after another.
        seconds: how long the check takes, unless `least_rounds` a session take longer.
        least_rounds: of each session; the first has no more and shows how long one takes.
        least_runs, least_ms: as in `hwnas.latency.schedule.Schedule`.
    """

    sessions: int = 6
    seconds: float = 9.0
    least_rounds: int = 8
    least_runs: int = 5
    least_ms: float = 1.0

    def rounds(self, sessions: int, rounds: int, measuring: float, elapsed: float) -> int:
        """How many rounds the next session is to have.

        Args:
            sessions: done so far.
            rounds: done so far.
            measuring: seconds those took.
            elapsed: seconds since the check began, with the starts of the processes.
        """
        left = max(self.sessions - sessions, 1)
        start = (elapsed - measuring) / sessions
        return max(
            self.least_rounds, int(((self.seconds - elapsed) / left - start) / (measuring / rounds))
        )


class _Record:
    """All visits of a check, and when the reference block was visited."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self.reference: list[tuple[float, ...]] = []
        self.seconds: list[float] = []
        self._start = time.monotonic()

    def elapsed(self) -> float:
        return time.monotonic() - self._start

    def add_reference(self, visit: TargetVisit) -> None:
        self.reference.append(visit.samples)
        self.seconds.append(self.elapsed())

    def add_network(self, session: int, visit: TargetVisit) -> None:
        """Keeps a visit of the network, between the last two of the reference block."""
        slower = max(map(min, self.reference[-2:]))
        self.visits.append(Visit(NETWORK_NAME, session, visit.round, visit.samples, slower))


def check_noise(
    device: Device,
    check: Check | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Noise:
    """Times the reference block and a whole network on a device, in several sessions.

    Args:
        device: where to measure.
        check: how often; some ten seconds by default.
        progress: called with the sessions done and the sessions in all.

    Raises:
        DeviceError: the device failed.
    """
    plan, record = check or Check(), _Record()
    with open_target(device) as target:
        target.add(REFERENCE, reference_model(device))
        target.add(NETWORK_NAME, timed_model(NETWORK, device, inner=False))
        rounds, done, measuring = plan.least_rounds, 0, 0.0
        for session in range(plan.sessions):
            measuring += _session(target, session, rounds, plan, record)
            done += rounds
            rounds = plan.rounds(session + 1, done, measuring, record.elapsed())
            if progress is not None:
                progress(session + 1, plan.sessions)
    return _noise(record)


def measured_twice(visits: Visits, graph: str) -> float:
    """What a graph's latencies by two halves of its sessions differ by, relative to their mean.

    Args:
        visits: of two sessions at least.
        graph: its key.
    """
    return visits.difference(graph, FIRST_HALF, SECOND_HALF)


def _session(target: Target, session: int, rounds: int, plan: Check, record: _Record) -> float:
    """Runs one session; returns the seconds from its first answer to its last."""
    order = [REFERENCE, NETWORK_NAME, REFERENCE]
    job = target.run(
        [Round(number, order) for number in range(rounds)],
        least_runs=plan.least_runs,
        least_ms=plan.least_ms,
    )
    start, network = 0.0, None
    for message in job:
        match message:
            case Facts():
                start = record.elapsed()
            case TargetVisit() if message.graph == NETWORK_NAME:
                network = message
            case TargetVisit():
                record.add_reference(message)
                if network is not None:
                    record.add_network(session, network)
                    network = None
    return record.elapsed() - start


def _noise(record: _Record) -> Noise:
    from scipy.stats import theilslopes  # here, because it takes a second to import

    visits = Visits(record.visits)
    p10, p90 = np.quantile(np.concatenate(record.reference), [0.1, 0.9])
    fastest = np.array([min(samples) for samples in record.reference])
    low = np.quantile(fastest, 0.1)
    length = record.seconds[-1] - record.seconds[0]
    return Noise(
        noise=measured_twice(visits, NETWORK_NAME),
        spread=float((p90 - p10) / p10),
        slow_share=float(np.mean(fastest > AFFECTED * low)),
        drift=float(theilslopes(fastest, record.seconds).slope * length / low),
        session_spread=visits.session_spread(NETWORK_NAME),
        reference_ms=float(p10),
        network_ms=visits.summary(NETWORK_NAME).ms,
        seconds=record.elapsed(),
    )
