"""Revalidation: some of a table's networks and blocks measured again, to see whether it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hwnas.core.errors import TableError
from hwnas.core.progress import Progress
from hwnas.devices.device import IMPORTED, Device
from hwnas.latency.compare import measured_fingerprint
from hwnas.latency.identity import read_fingerprint
from hwnas.latency.measure import builders, run_sessions
from hwnas.latency.model import LatencyModel
from hwnas.latency.readings import disturbance
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.latency.validation import POOR, Agreement
from hwnas.latency.visit_log import MemoryLog
from hwnas.latency.visits import Visits
from hwnas.networks.blocks import Network


@dataclass(frozen=True)
class Remeasured:
    """A graph: what the table says of it, stored or predicted, and its latency now, ms."""

    key: str
    before_ms: float
    now_ms: float


@dataclass(frozen=True)
class Revalidation:
    """What a table says beside new measurements, at least two of each kind.

    Of a table of whole networks alone there are no blocks.

    Attributes:
        predictions: check networks as the models of their scopes predict them, by scope.
        networks: the same networks as they were measured.
        blocks: single blocks as they were measured.
        reference_before, reference_now: what the reference block takes when nothing disturbs it,
            ms, when the table was measured and now; 0 where that is not known.
        disturbed: why the new measurements cannot be relied on, a sentence; None where they can.
    """

    predictions: Mapping[str, tuple[Remeasured, ...]]
    networks: tuple[Remeasured, ...]
    blocks: tuple[Remeasured, ...]
    reference_before: float
    reference_now: float
    disturbed: str | None = None

    @property
    def predicted(self) -> tuple[Remeasured, ...]:
        """The predictions of all scopes."""
        return tuple(one for some in self.predictions.values() for one in some)

    @property
    def error(self) -> float:
        """Median of |predicted − measured now| / measured now, %."""
        return self._error(1.0)

    def _error(self, pace: float) -> float:
        """The same if the machine now took so many times as long for everything."""
        errors = [abs(pace * one.before_ms / one.now_ms - 1) for one in self.predicted]
        return 100 * float(np.median(errors))

    @property
    def holds(self) -> bool | None:
        """Whether half of the networks still take what is predicted, within 5 %.

        None where that is not certain: the machine is slower as a whole, which may explain it.
        """
        if self.error <= POOR:
            return True
        slower = self.slower or 0.0
        if self.disturbed is not None and self._error(1 + slower) <= max(POOR, 100 * slower):
            return None
        return False

    @property
    def slower(self) -> float | None:
        """By which share the reference block is slower now (0.1 is 10 %, below 0: faster)."""
        if not (self.reference_before and self.reference_now):
            return None
        return self.reference_now / self.reference_before - 1

    @property
    def verdict(self) -> str:
        """One sentence, with what to do when the table no longer holds."""
        error = f"predictions are off by {self.error:.1f} % in the median"
        if self.holds:
            return f"the table still holds: {error}"
        if self.holds is None:
            return (
                f"{self.disturbed}; {error}, which the slower machine may explain: 'hwnas "
                "devices check' says what keeps it busy; if it stays as slow, profile into a new "
                "table (--table)"
            )
        return (
            f"the table no longer holds: {error}; 'hwnas devices check' says whether something "
            "keeps the machine busy now; if not, profile into a new table (--table)"
        )


def agreement(graphs: Sequence[Remeasured]) -> Agreement:
    """How well what a table says agrees with what is measured now."""
    return Agreement.of(
        np.array([one.before_ms for one in graphs], dtype=np.float64),
        np.array([one.now_ms for one in graphs], dtype=np.float64),
    )


def revalidate(
    device: Device,
    table: LatencyTable,
    *,
    scope: str | None = None,
    networks: int = 20,
    blocks: int = 20,
    schedule: Schedule | None = None,
    progress: Progress | None = None,
) -> Revalidation:
    """Measures some of a table's check networks and blocks again, without changing the table.

    Args:
        device: that the table was measured on.
        table: to validate.
        scope: whose check networks; those of all when None.
        networks: how many of them at most, spread evenly from the fastest to the slowest.
        blocks: how many single blocks at most, spread in the same way.
        schedule: how often each is visited.
        progress: called after every few visits.

    Raises:
        TableError: the table is another device's, was imported, or has no networks to check by.
        DeviceError: the device failed.
    """
    models = _models(table, scope)
    checks = {key for model in models.values() for key in model.check_networks}
    visits = table.visits()
    before = visits.values()
    whole = {key: network for key, network in table.networks().items() if key in checks}
    single: dict[str, Network] = {key: (block,) for key, block in table.blocks().items()}
    whole, single = _spread(whole, before, networks), _spread(single, before, blocks)
    alone = all(model.basis == "networks" for model in models.values())
    if min(len(whole), len(single)) < 2 and not (alone and len(whole) >= 2):
        raise TableError(
            f"{table.path} holds fewer than two check networks or two blocks; "
            "run 'hwnas profile' with the same config to its end"
        )
    if len(single) < 2:
        single = {}
    _check_device(table, device)
    log = MemoryLog(table.cache())
    run_sessions(device, builders(device, single | whole), log, schedule or Schedule(), progress)
    now = log.visits().values()
    return Revalidation(
        {name: _predicted(model, whole, now) for name, model in models.items()},
        tuple(Remeasured(key, before[key], now[key]) for key in whole),
        tuple(Remeasured(key, before[key], now[key]) for key in single),
        visits.baseline,
        log.visits().baseline,
        disturbance(Visits(log.visits(), visits.speed)),
    )


def _models(table: LatencyTable, scope: str | None) -> dict[str, LatencyModel]:
    if measured_fingerprint(table).machine == IMPORTED:
        raise TableError(
            f"the timings of {table.path} were imported, so there is no device to measure them "
            "again on; 'hwnas profile' makes a table of your own"
        )
    models = table.models()
    if not models:
        raise TableError(
            f"{table.path} holds no latency model to validate; run 'hwnas profile' with the same "
            "config to its end"
        )
    if scope is not None and scope not in models:
        raise TableError(
            f"{table.path} was not profiled for {scope}; name one of these with --scope: "
            + ", ".join(f"'{name}'" for name in models)
        )
    return {name: model for name, model in models.items() if scope in (None, name)}


def _check_device(table: LatencyTable, device: Device) -> None:
    # Not `bind`: it may write, and its advice is for measuring into the table.
    difference = measured_fingerprint(table).difference(read_fingerprint(device))
    if difference:
        raise TableError(
            f"{table.path} holds the timings of another device than {device.name}: {difference}; "
            "name the device that it was measured on with --device"
        )


def _spread(
    graphs: Mapping[str, Network], ms: Mapping[str, float], most: int
) -> dict[str, Network]:
    """At most so many measured graphs, at even steps from the fastest to the slowest."""
    keys = sorted((key for key in graphs if key in ms), key=lambda key: ms[key])
    steps = np.linspace(0, len(keys) - 1, min(most, len(keys))).round().astype(int)
    return {keys[step]: graphs[keys[step]] for step in steps}


def _predicted(
    model: LatencyModel, networks: Mapping[str, Network], now: Mapping[str, float]
) -> tuple[Remeasured, ...]:
    keys = [key for key in networks if key in model.check_networks]
    predicted = model.predict([networks[key] for key in keys])
    return tuple(
        Remeasured(key, float(ms), now[key]) for key, ms in zip(keys, predicted, strict=True)
    )
