"""Running timing jobs on a device: the host's side of the agent's protocol."""

import json
import math
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.device import Device
from devices.errors import DeviceError
from devices.transports import TRANSPORTS, Transport
from devices.workspace import job_folder

Facts = dict[str, Any]
"""What the target says of itself: the fields of a fingerprint that are read there."""


@dataclass(frozen=True)
class Visit:
    """One visit of a graph: the milliseconds of a few consecutive inferences."""

    round: int
    graph: str
    samples: tuple[float, ...]


@dataclass(frozen=True)
class RoundEnd:
    """A round is over; what the machine was like, see `devices.conditions`."""

    round: int
    conditions: dict[str, float]


@dataclass(frozen=True)
class Round:
    """The graphs to visit, by name, in this order; the same one may come several times."""

    number: int
    order: Sequence[str]


class Target:
    """A device with a folder of graphs on it, which serves several jobs."""

    def __init__(self, device: Device, transport: Transport, folder: Path) -> None:
        self.device = device
        self._transport = transport
        self._folder = folder
        self._files: dict[str, str] = {}
        self._sizes: dict[str, int] = {}

    def add(self, name: str, model: bytes) -> None:
        """Adds a graph, a serialised ONNX model, under a name.

        Raises:
            DeviceError: there is no room for it.
        """
        file = f"{len(self._files)}.onnx"
        with self._room():
            (self._folder / file).write_bytes(model)
        self._files[name] = file
        self._sizes[name] = len(model)

    def holds(self, name: str) -> bool:
        """Whether a graph was added."""
        return name in self._files

    def size(self, name: str) -> int:
        """Bytes of a graph that was added."""
        return self._sizes[name]

    def run(
        self, rounds: Sequence[Round], *, least_runs: int, least_ms: float
    ) -> Iterator[Facts | Visit | RoundEnd]:
        """Times graphs in one process on the device, in the order of the rounds.

        Args:
            rounds: which graphs, which have all been added.
            least_runs: inferences a visit, at least.
            least_ms: duration of a visit, at least.

        Yields:
            First the target's facts, then every visit, as it is measured, and the end of every
            round.

        Raises:
            DeviceError: the target failed, or its output is incomplete or not of this job.
        """
        names = list(dict.fromkeys(name for one in rounds for name in one.order))
        index = {name: position for position, name in enumerate(names)}
        content = {
            "least_runs": least_runs,
            "least_ms": least_ms,
            "graphs": [self._files[name] for name in names],
            "rounds": [[one.number, [index[name] for name in one.order]] for one in rounds],
        }
        expected, visits, done = sum(len(one.order) for one in rounds), 0, False
        for message in self._answers(content):
            match message["event"]:
                case "ready":
                    yield dict(message["facts"])
                case "visit":
                    visits += 1
                    yield _visit(message, names)
                case "round":
                    yield RoundEnd(int(message["round"]), dict(message["conditions"]))
                case "done":
                    done = message["visits"] == visits
        if not done or visits != expected:
            raise DeviceError(
                f"{self.device.name} measured {visits} of {expected} visits and then stopped; "
                "run the same command again to continue"
            )

    def operators(self, name: str, *, runs: int) -> list[dict[str, Any]]:
        """What the runtime's own profile says of a graph, an operator an entry.

        Args:
            name: of a graph that was added.
            runs: inferences to average over.

        Returns:
            In the order of execution: `name`, `type`, `provider`, and `ms` an inference.

        Raises:
            DeviceError: the target failed.
        """
        content = {"operators": True, "graphs": [self._files[name]], "least_runs": runs}
        return self._listed(content, "operators", "operators", "gave no profile")

    def health(self) -> list[dict[str, Any]]:
        """What on the device will make timings unreliable, see `devices.health`.

        Raises:
            DeviceError: the target failed.
        """
        return self._listed({"health": True}, "health", "findings", "said nothing of itself")

    def _listed(
        self, content: Mapping[str, Any], event: str, name: str, problem: str
    ) -> list[dict[str, Any]]:
        """The list of that name in the answer to a job without rounds."""
        untimed = {"least_runs": 0, "least_ms": 0.0, "graphs": [], "rounds": []}
        for message in self._answers({**untimed, **content}):
            if message["event"] == event:
                return [dict(entry) for entry in message[name]]
        raise DeviceError(f"{self.device.name} {problem}; run the same command again")

    def _answers(self, content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        nonce = secrets.token_hex(16)
        job = {
            "nonce": nonce,
            "runtime": self.device.runtime,
            "threads": self.device.threads,
            "cores": self.device.cores,
            **content,
        }
        with self._room():
            (self._folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        there = self._transport.push(self._folder)
        with closing(self._transport.run_agent(there)) as lines:  # type: ignore[type-var]
            for line in lines:
                yield _parse(line, nonce)

    @contextmanager
    def _room(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DeviceError(
                f"cannot write the graphs to time into {self._folder.parent}: {error.strerror}; "
                "make room there or set TMPDIR, then run the same command again"
            ) from error


@contextmanager
def open_target(device: Device) -> Iterator[Target]:
    """A device, ready for graphs and jobs; what was put there is removed at the end.

    Raises:
        DeviceError: the device cannot be reached, or its timings were imported.
    """
    device.require_measurable()
    with job_folder() as folder, closing(TRANSPORTS[device.transport]()) as transport:
        yield Target(device, transport, folder)


def _parse(line: str, nonce: str) -> dict[str, Any]:
    try:
        message = json.loads(line)
        if message["nonce"] == nonce and isinstance(message["event"], str):
            return dict(message)
    except (ValueError, TypeError, KeyError):
        pass
    raise DeviceError(f"the target answered something that is not this job's: {line[:80]!r}")


def _visit(message: dict[str, Any], names: Sequence[str]) -> Visit:
    try:
        samples = tuple(float(value) for value in message["ms"])
        if samples and all(math.isfinite(value) and value > 0 for value in samples):
            return Visit(int(message["round"]), names[int(message["graph"])], samples)
    except (ValueError, TypeError, KeyError, IndexError):
        pass
    raise DeviceError(f"the target sent a visit that cannot be: {str(message)[:120]}")
