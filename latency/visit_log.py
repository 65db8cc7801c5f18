"""Logs: where visits, and what is known of the machine, go: a latency table, or memory."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from typing_extensions import override

from hwnas.devices.device import Fingerprint
from hwnas.latency.visits import Speed, Visit, Visits


class MachineLog(Protocol):
    """Keeps what a job says of the machine that it runs on."""

    def bind(self, fingerprint: Fingerprint) -> None:
        """Learns on what it is measured, before the first visit; may refuse."""

    def add_conditions(self, session: int, number: int, conditions: Mapping[str, float]) -> None:
        """Keeps what the machine was like during a round."""

    def add_uncontrolled(self, names: Sequence[str]) -> None:
        """Keeps what of the machine was not controlled, see `hwnas.devices.uncontrolled`."""

    def cache(self) -> bytes:
        """What the runtime keeps from one job to the next, b"" for nothing."""

    def keep_cache(self, content: bytes) -> None:
        """Keeps what the runtime made of it, see `CachingRuntime`."""


class VisitLog(MachineLog, Protocol):
    """Where timings go."""

    def visits(self) -> Visits:
        """All visits so far."""

    def add(self, visits: Sequence[Visit]) -> None:
        """Keeps some visits for good, all or none."""


class MemoryLog(VisitLog):
    """Visits that are forgotten when the process ends.

    Attributes:
        fingerprint: of the device; None before its first answer.
        conditions: of the machine, a round each.
    """

    def __init__(self, cache: bytes = b"", speed: Speed | None = None) -> None:
        """Begins empty; `speed` is what the device is known to have, see `Visits.known`."""
        self.fingerprint: Fingerprint | None = None
        self.conditions: list[dict[str, float]] = []
        self._visits: list[Visit] = []
        self._cache, self._speed = cache, speed

    @override
    def bind(self, fingerprint: Fingerprint) -> None:
        self.fingerprint = fingerprint

    @override
    def visits(self) -> Visits:
        return Visits(self._visits, self._speed)

    @override
    def add(self, visits: Sequence[Visit]) -> None:
        self._visits += visits

    @override
    def add_conditions(self, session: int, number: int, conditions: Mapping[str, float]) -> None:
        del session, number
        self.conditions.append(dict(conditions))

    @override
    def add_uncontrolled(self, names: Sequence[str]) -> None:
        del names

    @override
    def cache(self) -> bytes:
        return self._cache

    @override
    def keep_cache(self, content: bytes) -> None:
        self._cache = content
