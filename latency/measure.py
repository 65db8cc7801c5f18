"""Measuring: interleaved random rounds over all graphs, in several sessions of each.

One graph after another, as most code does it, gives a shared machine's drift to whichever graph is
on; visiting all in a fresh random order each round spreads it over all. Two sessions of one model
differ (memory layout), hence several, each a process of its own.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devices.device import Device, Fingerprint
from devices.errors import TableError
from devices.jobs import Job, Visit, run_job
from devices.lock import locked
from latency.blocks import ConvBlock, Network
from latency.graph import BUILDER_VERSION, OPSET, build_graph
from latency.table import LatencyTable, Summary

Progress = Callable[[int, int], None]
"""Called with the visits done and the visits in all."""


@dataclass(frozen=True)
class Schedule:
    """How often a graph is visited, and how long a visit is.

    Attributes:
        sessions: how often every graph is loaded anew, in a new process.
        rounds: visits a session, each round in a new random order.
        least_runs: inferences a visit, at least.
        least_ms: duration of a visit, at least (up to 100 inferences).
    """

    sessions: int = 4
    rounds: int = 4
    least_runs: int = 5
    least_ms: float = 1.0

    @property
    def visits(self) -> int:
        """Visits a graph."""
        return self.sessions * self.rounds


def measure(
    device: Device,
    table: LatencyTable,
    graphs: Mapping[str, Network],
    schedule: Schedule,
    progress: Progress | None = None,
) -> None:
    """Measures what the schedule asks for and the table does not hold yet.

    Every visit is stored as it arrives, so that an interruption loses at most the one under way;
    calling again continues.

    Args:
        device: where to measure.
        table: where the visits go; bound to the device's fingerprint at its first answer.
        graphs: registered graphs by key.
        schedule: visits a graph.
        progress: told after every visit.

    Raises:
        DeviceError: the device failed; what was measured before is kept.
        TableError: the table is another device's, or another process measures into it.
    """
    stored = table.visited()
    wanted = {
        (key, session, number)
        for key in graphs
        for session in range(schedule.sessions)
        for number in range(schedule.rounds)
    }
    if wanted <= stored:
        return
    lock = table.path.with_name(f".{table.path.name}.lock")
    busy = f"another hwnas process is measuring into {table.path}; wait for it"
    with locked(lock, error=TableError, busy=busy):
        stored = table.visited()
        done = len(wanted & stored)
        for session in range(schedule.sessions):
            job, keys = _job(device, graphs, stored, session, schedule)
            if not keys:
                continue
            for message in run_job(device, job):
                if isinstance(message, Visit):
                    table.add_visit(keys[message.graph], session, message.round, message.samples)
                    done += 1
                    if progress is not None:
                        progress(done, len(wanted))
                else:
                    table.bind(_fingerprint(device, message))


def measure_models(
    device: Device,
    models: Mapping[str, bytes],
    schedule: Schedule,
    progress: Progress | None = None,
) -> dict[str, Summary]:
    """Measures given ONNX files side by side, as they are, without a table.

    Args:
        device: where to measure.
        models: serialised models by name.
        schedule: visits a model.
        progress: told after every visit.

    Returns:
        The summary of each model, in ms.

    Raises:
        DeviceError: the device failed.
    """
    names = list(models)
    visits: dict[str, list[tuple[float, ...]]] = {name: [] for name in names}
    for session in range(schedule.sessions):
        rounds = []
        for number in range(schedule.rounds):
            order = list(range(len(names)))
            random.Random(f"{session}/{number}").shuffle(order)
            rounds.append((number, order))
        job = Job([models[n] for n in names], rounds, schedule.least_runs, schedule.least_ms)
        for message in run_job(device, job):
            if isinstance(message, Visit):
                visits[names[message.graph]].append(message.samples)
                if progress is not None:
                    progress(sum(map(len, visits.values())), len(names) * schedule.visits)
    return {name: Summary.of(samples) for name, samples in visits.items()}


def read_fingerprint(device: Device) -> Fingerprint:
    """The fingerprint of a device, read on it.

    Raises:
        DeviceError: the device failed.
    """
    graph = build_graph([ConvBlock(3, 8, 1, 1, "relu", 8)], batch=device.batch)
    job = Job([graph.SerializeToString()], [], least_runs=1, least_ms=0.0)
    answers = list(run_job(device, job))
    assert isinstance(answers[0], dict)
    return _fingerprint(device, answers[0])


def _job(
    device: Device,
    graphs: Mapping[str, Network],
    stored: set[tuple[str, int, int]],
    session: int,
    schedule: Schedule,
) -> tuple[Job, list[str]]:
    """What a session still lacks, and the keys of the job's graphs."""
    missing = {
        number: [key for key in graphs if (key, session, number) not in stored]
        for number in range(schedule.rounds)
    }
    keys = [key for key in graphs if any(key in of_round for of_round in missing.values())]
    index = {key: position for position, key in enumerate(keys)}
    rounds = []
    for number, of_round in missing.items():
        random.Random(f"{session}/{number}").shuffle(of_round)
        if of_round:
            rounds.append((number, [index[key] for key in of_round]))
    models = (build_graph(graphs[key], batch=device.batch).SerializeToString() for key in keys)
    return Job(models, rounds, schedule.least_runs, schedule.least_ms), keys


def _fingerprint(device: Device, facts: dict[str, object]) -> Fingerprint:
    return Fingerprint.from_dict(
        {
            **facts,
            "precision": device.precision,
            "threads": device.threads,
            "batch": device.batch,
            "opset": OPSET,
            "graph_builder": BUILDER_VERSION,
        }
    )
