"""Whether a network keeps a latency budget on one device: measured until that is known.

A network is timed before it is trained. When it is timed again after its training, its graph is the
same: a reading that contradicts the first one says something of the machine. It is then measured
again, beside the untrained graph, until both are within the budget or both are over it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hwnas.latency.readings import Bench, Reading
from hwnas.networks.blocks import Network
from hwnas.networks.ensemble import Ensemble
from hwnas.runs.on_device import FINAL, SCREENING, OnDevice

WINNER, UNTRAINED = "winner", "the same network untrained"


@dataclass(frozen=True)
class Patience:
    """How long is waited for a quieter machine.

    Attributes:
        seconds: after so many, what is not known is left open.
        pause: seconds between two measurements, in which what disturbs may end.
        now, rest: the clock.
    """

    seconds: float = 300.0
    pause: float = 5.0
    now: Callable[[], float] = time.monotonic
    rest: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class LatencyFinding:
    """What measuring a trained network on a device came to.

    Attributes:
        readings: the last of each model, by name: the winner's, and what was measured beside it.
        keeps: whether the winner is within the budget; None where that stayed unknown.
        before: the reading of the untrained network, None where there was none.
        contradicted: every reading of the winner that the end result leaves aside.
    """

    readings: Mapping[str, Reading]
    keeps: bool | None
    before: Reading | None = None
    contradicted: tuple[Reading, ...] = field(default=())

    @property
    def winner(self) -> Reading:
        """The winner's own."""
        return self.readings[WINNER]

    def doubt(self, bound: float) -> str | None:
        """Why it is not known whether the budget of so many ms is kept; None where it is."""
        if self.keeps is not None:
            return None
        before = "" if self.before is None else f", {self.before.ms:.4g} ms before its training"
        why = self.winner.disturbed or "repeated measurements did not settle it"
        return (
            f"its latency is doubtful: {self.winner.ms:.4g} ms now{before}, and the budget is "
            f"{bound:.4g} ms; {why}"
        )


class LatencyCheck:
    """The measurements of one export on one device."""

    def __init__(self, on: OnDevice, bound: float | None, patience: Patience | None = None) -> None:
        """Measures nothing yet; without a bound every latency will do."""
        self._on, self.bound, self._patience = on, bound, patience or Patience()
        self._bench: Bench | None = None
        self._untrained: dict[str, Reading] = {}

    def screen(
        self,
        networks: Mapping[str, Network] | Mapping[str, Ensemble],
        *,
        called: str | None = None,
    ) -> None:
        """Measures untrained networks side by side, by name; see `untrained`.

        Args:
            networks: their blocks, or those of ensembles.
            called: as people read them; None for networks of the front.

        Raises:
            DeviceError: the device failed.
        """
        self._bench = self._on.networks(networks, SCREENING, self.bound)
        count = "a network" if len(networks) == 1 else f"{len(networks)} networks"
        title = f"measuring {called or f'{count} of the front'} on {self._on.device.name}"
        self._untrained = self._on.measure(self._bench, title)

    def untrained(self, name: str) -> Reading:
        """What is known of a network of the last `screen`.

        It is measured again where the machine was disturbed, until that is over or the patience
        is, and once where it is as near to the budget as its own noise.

        Raises:
            DeviceError: the device failed.
        """
        reading = self._untrained[name]
        if self.bound is None:
            return reading
        if reading.disturbed is None and _near(reading, self.bound):
            return self._again(name, "measuring a network that is close to the budget again")
        end = self._patience.now() + self._patience.seconds
        while reading.keeps(self.bound) is None and self._patience.now() < end:
            self._patience.rest(self._patience.pause)
            reading = self._again(name, "measuring again, because the machine was disturbed")
        return reading

    def trained(
        self,
        network: Network | Ensemble,
        shipped: bytes,
        before: Reading | None,
        beside: Mapping[str, bytes],
        *,
        pick: str | None = None,
        called: str = WINNER,
    ) -> LatencyFinding:
        """Measures what is to be shipped, and again while that contradicts the first reading.

        Args:
            network: its blocks, or those of an ensemble.
            shipped: what runs on the device.
            before: the reading of the untrained network.
            beside: further files to measure in the same sessions, by name.
            pick: the id of a network that a person picked: it is shipped over its budget, too, so
                that being over it needs no second opinion. None for one that may become the winner.
            called: as people read it, where it is not picked.

        Raises:
            DeviceError: the device failed.
        """
        called = pick or called
        bench = self._on.files({WINNER: shipped, **beside}, FINAL, self.bound)
        title = f"measuring {' and '.join([called, *beside])} on {self._on.device.name}"
        readings = self._on.measure(bench, title)
        keeps = True if self.bound is None else readings[WINNER].keeps(self.bound)
        if keeps or (keeps is False and pick is not None):
            return LatencyFinding(readings, keeps, before)
        return self._settled(network, shipped, LatencyFinding(readings, None, before), called)

    def _settled(
        self, network: Network | Ensemble, shipped: bytes, first: LatencyFinding, called: str
    ) -> LatencyFinding:
        assert self.bound is not None
        models = {WINNER: shipped, UNTRAINED: self._on.untrained(network)}
        bench = self._on.files(models, FINAL, self.bound)
        earlier, found = [first.winner], first
        end = self._patience.now() + self._patience.seconds
        while True:
            both = self._on.measure(bench, f"measuring {called} again, beside {UNTRAINED}")
            verdicts = {both[name].keeps(self.bound) for name in models}
            keeps = both[WINNER].keeps(self.bound)
            if keeps is False and len(verdicts) > 1:
                keeps = None  # the untrained graph is the same: one of the two is wrong
            readings = {**first.readings, WINNER: both[WINNER]}
            found = LatencyFinding(readings, keeps, both[UNTRAINED], tuple(earlier))
            if keeps is not None or self._patience.now() >= end:
                return found
            earlier.append(both[WINNER])
            self._patience.rest(self._patience.pause)

    def _again(self, name: str, title: str) -> Reading:
        assert self._bench is not None
        self._untrained |= self._on.measure(self._bench, title, [name])
        return self._untrained[name]


def _near(reading: Reading, bound: float) -> bool:
    """Whether a reading differs from a bound by no more than its own noise, at least 2 %."""
    return abs(reading.ms / bound - 1) <= max(reading.noise, SCREENING.tolerance)
