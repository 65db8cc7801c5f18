"""Measuring: interleaved random rounds over all graphs, in several sessions of each.

One graph after another, as most code does it, gives a shared machine's drift to whichever graph is
on; visiting all in a fresh random order each round spreads it over all. A reference block between
them shows when the machine was slow; what was timed then is set aside and timed again.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial

from hwnas.core.errors import LinkError, TableError
from hwnas.core.lock import locked
from hwnas.core.progress import Progress
from hwnas.devices.answers import Answer, Cache, Facts, RoundEnd, TargetVisit
from hwnas.devices.device import Device
from hwnas.devices.target import Round, Target, open_target
from hwnas.latency.identity import identity_of
from hwnas.latency.reference import NETWORK, REFERENCE_BLOCK
from hwnas.latency.schedule import REFERENCE, Schedule
from hwnas.latency.table import LatencyTable
from hwnas.latency.visit_log import MachineLog, MemoryLog, VisitLog
from hwnas.latency.visits import LatencySummary, Visit
from hwnas.networks.blocks import Network
from hwnas.networks.ensemble import Ensemble
from hwnas.networks.graph import build_ensemble, build_graph
from hwnas.networks.precision import WHOLE, Ends, in_precision

# Graphs of one job are all in memory at once, on the target.
MOST_BYTES = 600e6
_MOST_FRUITLESS = 10
"""Jobs in a row that ended before their end and without a visit."""


def measure(
    device: Device,
    table: LatencyTable,
    graphs: Mapping[str, Network],
    schedule: Schedule,
    progress: Progress | None = None,
    *,
    to_the_end: bool = True,
) -> None:
    """Measures the graphs that the table does not hold yet, or not to the end.

    Every few visits are stored as they arrive, so that an interruption loses at most those under
    way; calling again continues. A graph that was once measured to the end is never visited again.

    Args:
        device: where to measure.
        table: where the visits go; bound to the device's fingerprint at its first answer.
        graphs: registered graphs by key.
        schedule: visits a graph.
        progress: called after every few visits.
        to_the_end: whether that is all that there will be; else a later call makes more sessions.

    Raises:
        DeviceError: the device failed; what was measured before is kept.
        TableError: the table is another device's, or another process measures into it.
    """
    if not table.unfinished(graphs):
        return
    with measuring_into(table):
        missing = table.unfinished(graphs)
        wanted = builders(device, {key: graphs[key] for key in missing})
        run_sessions(device, wanted, table, schedule, progress)
        if to_the_end:
            table.finish(missing)


def measuring_into(table: LatencyTable) -> AbstractContextManager[None]:
    """Holds a table for this process.

    Raises:
        TableError: another one measures into it.
    """
    lock = table.path.with_name(f".{table.path.name}.lock")
    busy = f"another hwnas process is measuring into {table.path}; wait for it"
    return locked(lock, error=TableError, busy=busy)


def measure_models(
    device: Device,
    models: Mapping[str, bytes],
    schedule: Schedule,
    progress: Progress | None = None,
    *,
    cache: bytes = b"",
) -> dict[str, LatencySummary]:
    """Measures given ONNX files side by side, as they are, without a table.

    Args:
        device: where to measure.
        models: serialised models by name, with fixed input shapes.
        schedule: visits a model.
        progress: called after every few visits.
        cache: of the device's table, see `LatencyTable.cache`.

    Returns:
        The summary of each model, in ms.

    Raises:
        DeviceError: the device failed.
    """
    log = MemoryLog(cache)
    ready = {name: (lambda model=model: model) for name, model in models.items()}
    run_sessions(device, ready, log, schedule, progress)
    return log.visits().summaries()


def run_sessions(
    device: Device,
    builders: Mapping[str, Callable[[], bytes]],
    log: VisitLog,
    schedule: Schedule,
    progress: Progress | None = None,
) -> None:
    """Visits graphs, by the builders of their ONNX files, as a schedule says and the log lacks.

    Raises:
        DeviceError: the device failed; the log has what was measured before.
    """
    names, start = list(builders), time.monotonic()
    with open_target(device) as target:
        target.add(REFERENCE, reference_model(device))
        for session in range(schedule.most_sessions):
            if session >= schedule.sessions and time.monotonic() - start > schedule.seconds:
                return
            visits = log.visits()
            wanted = schedule.wanted(visits, names, session)
            if not wanted:
                return
            random.Random(session).shuffle(wanted)
            had = {name: len(visits.of(name, [session])) for name in wanted}
            lacking = [name for name in wanted if had[name] < schedule.rounds]
            done = sum(len(visits.of(name)) for name in names)
            later = max(schedule.sessions - session - 1, 0) * len(names)
            total = done + sum(schedule.rounds - had[name] for name in lacking)
            total += later * schedule.rounds
            missing = partial(_missing, log, schedule, session)
            run = partial(_run, target, log=log, session=session, schedule=schedule)
            some = {name: builders[name] for name in lacking}
            for stored in measured_groups(target, some, missing, run):
                done += stored
                if progress is not None:
                    progress(done, total)


def builders(device: Device, graphs: Mapping[str, Network]) -> dict[str, Callable[[], bytes]]:
    """What builds the ONNX file of each graph of a table, by key, as it is timed on a device."""
    return {
        key: partial(timed_model, network, device, inner=not key.startswith("network "))
        for key, network in graphs.items()
    }


def timed_model(network: Network | Ensemble, device: Device, *, inner: bool) -> bytes:
    """The ONNX file that is timed on a device: its precision, its batch, random weights.

    Args:
        network: one block, a whole network, or an ensemble.
        device: where it will run.
        inner: whether it stands for a block inside a network, which takes and gives quantised
            or half-precision tensors when the precision is int8 or fp16.
    """
    if isinstance(network, Ensemble):
        model, ends = build_ensemble(network, batch=device.batch), WHOLE
    else:
        model = build_graph(network, batch=device.batch)
        ends = Ends.of(network) if inner else WHOLE
    timed = in_precision(model, device.precision, device.int8_recipe, ends=ends)
    return bytes(timed.SerializeToString())


def reference_model(device: Device) -> bytes:
    """The ONNX file of the reference block, or of a short network where no block runs alone."""
    if not device.runtime_spec.blocks:
        return timed_model(NETWORK, device, inner=False)
    return timed_model((REFERENCE_BLOCK,), device, inner=True)


def job_groups(
    target: Target, builders: Mapping[str, Callable[[], bytes]], names: Sequence[str]
) -> Iterator[list[str]]:
    """Puts graphs on the target and yields as many at a time as one job may hold."""
    group: list[str] = []
    size, most = 0, target.device.runtime_spec.graphs_per_job or len(names)
    for name in names:
        if not target.holds(name):
            target.add(name, builders[name]())
        if group and (len(group) == most or size + target.size(name) > MOST_BYTES):
            yield group
            group, size = [], 0
        group.append(name)
        size += target.size(name)
    if group:
        yield group


def while_links_break(
    target: Target,
    lacking: Callable[[], Sequence[Round]],
    run: Callable[[Sequence[Round]], Iterator[int]],
) -> Iterator[int]:
    """Runs what is lacking, and reconnects and goes on where the link breaks.

    Args:
        target: reached again each time.
        lacking: the rounds that are not done yet.
        run: does some, and yields how many visits were kept, whenever some were.

    Yields:
        What `run` does.
    """
    fruitless = 0
    while rounds := lacking():
        try:
            for kept in run(rounds):
                fruitless = 0
                yield kept
        except LinkError:
            fruitless += 1
            if fruitless == _MOST_FRUITLESS:
                raise
            target.reconnect()


def kept_messages(
    target: Target, messages: Iterable[Answer], log: MachineLog, session: int
) -> Iterator[Answer]:
    """The messages of a job, whose facts, conditions and cache are kept in a log.

    Raises:
        DeviceError: the processor is emulated.
        TableError: the log is another device's.
    """
    for message in messages:
        match message:
            case Facts():
                identity = identity_of(target, message)
                identity.require_real(target.device.name)
                log.bind(identity.fingerprint)
                log.add_uncontrolled(identity.uncontrolled)
            case Cache():
                log.keep_cache(message.content)
            case RoundEnd():
                log.add_conditions(session, message.round, message.conditions)
            case _:
                pass
        yield message


def measured_groups(
    target: Target,
    builders: Mapping[str, Callable[[], bytes]],
    lacking: Callable[[Sequence[str]], list[Round]],
    run: Callable[[Sequence[Round]], Iterator[int]],
) -> Iterator[int]:
    """Measures graphs in as many jobs as they need, and goes on where a link broke.

    Args:
        target: where.
        builders: of the ONNX files of the graphs, by key.
        lacking: the rounds that some graphs still lack.
        run: runs some rounds, and yields how many visits were kept, whenever some were.

    Yields:
        What `run` does.
    """
    for group in job_groups(target, builders, list(builders)):
        yield from while_links_break(target, partial(lacking, group), run)


def _missing(log: VisitLog, schedule: Schedule, session: int, graphs: Sequence[str]) -> list[Round]:
    return schedule.rounds_of(log.visits(), graphs, session)


def _run(
    target: Target, rounds: Sequence[Round], log: VisitLog, session: int, schedule: Schedule
) -> Iterator[int]:
    """Runs a job and keeps its visits; yields how many, whenever some were kept."""
    before, waiting = 0.0, list[TargetVisit]()
    target.use_cache(log.cache())
    job = target.run(rounds, least_runs=schedule.least_runs, least_ms=schedule.least_ms)
    for message in kept_messages(target, job, log, session):
        match message:
            case RoundEnd():
                before = 0.0
            case TargetVisit() if message.graph != REFERENCE:
                waiting.append(message)
            case TargetVisit():
                after = min(message.samples)
                slower = max(before, after)
                log.add(
                    [
                        Visit(v.graph, session, v.round, v.samples, slower, v.warnings)
                        for v in waiting
                    ]
                )
                yield len(waiting)
                before, waiting = after, []
            case _:
                pass
