"""Running a timing job on a device: the host's side of the agent's protocol."""

import json
import math
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.device import Device
from devices.errors import DeviceError
from devices.transports import TRANSPORTS
from devices.workspace import job_folder


@dataclass(frozen=True)
class Visit:
    """One visit of a graph: the milliseconds of a few consecutive inferences."""

    round: int
    graph: int
    samples: tuple[float, ...]


@dataclass(frozen=True)
class Job:
    """Graphs (serialised ONNX models) and the rounds in which to visit them.

    `graphs` is read once, one at a time, so that all of them need never be in memory together;
    `rounds` holds (round number, graph indices in the order of visiting).
    """

    graphs: Iterable[bytes]
    rounds: Sequence[tuple[int, Sequence[int]]]
    least_runs: int
    least_ms: float


def run_job(device: Device, job: Job) -> Iterator[dict[str, Any] | Visit]:
    """Runs a job in one process on the device.

    Yields:
        First the target's facts (the fields of a fingerprint that are read there), then every
        visit, as it is measured.

    Raises:
        DeviceError: the target failed, or its output is incomplete or not of this job.
    """
    nonce = secrets.token_hex(16)
    with job_folder() as folder, closing(TRANSPORTS[device.transport]()) as transport:
        _write_job(folder, device, job, nonce)
        visits, done = 0, False
        with closing(transport.run_agent(transport.push(folder))) as lines:  # type: ignore[type-var]
            for line in lines:
                message = _parse(line, nonce)
                match message["event"]:
                    case "ready":
                        yield dict(message["facts"])
                    case "visit":
                        visits += 1
                        yield _visit(message)
                    case "done":
                        done = message["visits"] == visits
        expected = sum(len(order) for _, order in job.rounds)
        if not done or visits != expected:
            raise DeviceError(
                f"{device.name} measured {visits} of {expected} visits and then stopped; "
                "run the same command again to continue"
            )


def _write_job(folder: Path, device: Device, job: Job, nonce: str) -> None:
    try:
        names = []
        for index, graph in enumerate(job.graphs):
            names.append(f"{index}.onnx")
            (folder / names[-1]).write_bytes(graph)
        content = {
            "nonce": nonce,
            "runtime": device.runtime,
            "threads": device.threads,
            "least_runs": job.least_runs,
            "least_ms": job.least_ms,
            "graphs": names,
            "rounds": job.rounds,
        }
        (folder / "job.json").write_text(json.dumps(content), encoding="utf-8")
    except OSError as error:
        raise DeviceError(
            f"cannot write the graphs to time into {folder.parent}: {error.strerror}; make room "
            "there or set TMPDIR, then run the same command again"
        ) from error


def _parse(line: str, nonce: str) -> dict[str, Any]:
    try:
        message = json.loads(line)
        if message["nonce"] == nonce and message["event"] in ("ready", "visit", "done"):
            return dict(message)
    except (ValueError, TypeError, KeyError):
        pass
    raise DeviceError(f"the target answered something that is not this job's: {line[:80]!r}")


def _visit(message: dict[str, Any]) -> Visit:
    try:
        samples = tuple(float(value) for value in message["ms"])
        if samples and all(math.isfinite(value) and value > 0 for value in samples):
            return Visit(int(message["round"]), int(message["graph"]), samples)
    except (ValueError, TypeError, KeyError):
        pass
    raise DeviceError(f"the target sent a visit that cannot be: {str(message)[:120]}")
