"""Target: a device with graphs on it that does jobs; the host's side of the protocol."""

import secrets
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from hwnas.core.digests import digest
from hwnas.core.errors import DeviceError, LinkError
from hwnas.devices.answers import (
    Answer,
    Facts,
    Message,
    Parts,
    read_facts,
    read_findings,
    read_operators,
    read_outputs,
)
from hwnas.devices.conversation import answers, in_order
from hwnas.devices.device import Device
from hwnas.devices.engine import SUFFIX, Engine
from hwnas.devices.health_files import Finding
from hwnas.devices.job import Job, factory_of
from hwnas.devices.link import Link, open_link
from hwnas.devices.runtimes import Operator
from hwnas.devices.stopping import pause

T = TypeVar("T")

PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Pauses before the attempts to reach a device again after its link broke."""
_ATTEMPTS = 4


@dataclass(frozen=True)
class Round:
    """The graphs to visit, by name, in this order; a graph may come several times."""

    number: int
    order: Sequence[str]


class Target:
    """A device with graphs that does one job after another."""

    def __init__(self, device: Device, link: Link) -> None:
        """Takes a device, and the link to it."""
        self.device = device
        self._link = link
        self._files: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        self._cache = ""

    @property
    def sent_bytes(self) -> int:
        """Bytes that were sent to the device so far, without the jobs."""
        return self._link.sent_bytes

    @property
    def agent(self) -> str:
        """What fingerprints call the device's agent.

        Raises:
            DeviceError: what it is made of is missing.
        """
        return self._link.agent

    def connect(self) -> None:
        """Reaches the device, for the first time or after its link broke.

        Raises:
            DeviceError: the device cannot be reached.
        """
        self._link.connect()

    def reconnect(self) -> None:
        """Reaches the device again after its link broke, trying for a minute.

        Raises:
            DeviceError: the device cannot be reached any more.
        """
        for number, seconds in enumerate(PAUSES_S):
            pause(seconds)
            try:
                self.connect()
            except DeviceError as error:
                if number + 1 == len(PAUSES_S):
                    raise DeviceError(
                        f"the link to {self.device.name} broke and cannot be made again ({error}); "
                        "what was measured is kept: run the same command again to continue"
                    ) from error
            else:
                return

    def add(self, name: str, model: bytes) -> None:
        """Adds a graph, a serialised ONNX model or an `Engine`, under a name.

        Raises:
            DeviceError: this machine has no room for it.
        """
        self._files[name] = self._write(model, SUFFIX if isinstance(model, Engine) else ".onnx")
        self._sizes[name] = len(model)

    def use_cache(self, content: bytes) -> None:
        """Gives every later job the cache of a runtime, see `CachingRuntime`; b"" for none.

        Raises:
            DeviceError: this machine has no room for it.
        """
        self._cache = self._write(content, ".cache") if content else ""

    def holds(self, name: str) -> bool:
        """Whether a graph was added."""
        return name in self._files

    def size(self, name: str) -> int:
        """Bytes of a graph that was added."""
        return self._sizes[name]

    def run(self, rounds: Sequence[Round], *, least_runs: int, least_ms: float) -> Iterator[Answer]:
        """Times graphs in one process on the device, in the order of the rounds.

        Args:
            rounds: of graphs that have all been added.
            least_runs: inferences per visit, at least.
            least_ms: duration of a visit, at least.

        Returns:
            First the target's facts, and the cache of its runtime, if that is new; then every
            visit as it is measured, and the end of every round; and `Waiting` while the target
            rests or is too hot.

        Raises:
            LinkError: the answers are incomplete.
            DeviceError: the target failed, or its answers are not of this job.
        """
        return self._visited(rounds, task="time", least_runs=least_runs, least_ms=least_ms)

    def energy(self, rounds: Sequence[Round], *, least_ms: float) -> Iterator[Answer]:
        """Measures the energy of graphs as `run` does their time; without rounds, only tries it.

        Args:
            rounds: of graphs that have all been added.
            least_ms: duration of a visit, at least.

        Raises:
            LinkError: the answers are incomplete.
            DeviceError: the target failed, counts no energy, or its answers are not of this job.
        """
        return self._visited(rounds, task="energy", least_ms=least_ms)

    def _visited(self, rounds: Sequence[Round], **keys: Any) -> Iterator[Answer]:
        names = list(dict.fromkeys(name for one in rounds for name in one.order))
        index = {name: position for position, name in enumerate(names)}
        job = self._job(
            **keys,
            rest_s=self.device.rest_s,
            limit_celsius=self.device.limit_celsius or 0.0,
            graphs=tuple(self._files[name] for name in names),
            rounds=tuple((one.number, tuple(index[n] for n in one.order)) for one in rounds),
        )
        yield from in_order(self._answers(job), names, job)

    def operators(self, name: str, *, runs: int) -> list[Operator]:
        """How long each operator of a graph takes, by the runtime's own profile.

        Args:
            name: of a graph that was added.
            runs: inferences to average over.

        Returns:
            In the order of execution.

        Raises:
            DeviceError: the target failed.
        """
        keys = {"task": "operators", "graphs": (self._files[name],), "least_runs": runs}
        return self._one(keys, "operators", read_operators, "sent no profile")

    def build(self, name: str) -> tuple[Facts, Engine]:
        """The engine that the device's runtime builds of a graph, for this device alone.

        Args:
            name: of a graph that was added.

        Returns:
            The facts of the target, and the engine.

        Raises:
            DeviceError: the target failed, or its runtime builds no engines.
        """
        facts, engine = None, Parts()
        for message in self._whole({"task": "build", "graphs": (self._files[name],)}):
            if message["event"] == "ready":
                facts = read_facts(message)
            elif message["event"] == "engine":
                engine.add(message)
        if facts is None or not engine.content:
            raise DeviceError(f"{self.device.name} built no engine; run the same command again")
        return facts, Engine(engine.content)

    def health(self) -> list[Finding]:
        """What makes timings on the device unreliable, see `hwnas.devices.health`.

        Raises:
            DeviceError: the target failed.
        """
        return self._one({"task": "health"}, "health", read_findings, "sent no findings")

    def facts(self, name: str) -> Facts:
        """The facts of the target.

        Args:
            name: of a graph that was added, which the target loads.

        Raises:
            DeviceError: the target failed.
        """
        keys = {"graphs": (self._files[name],)}
        return self._one(keys, "ready", read_facts, "sent no facts")

    def outputs(self, names: Sequence[str], values: Sequence[float]) -> list[list[float]]:
        """What graphs compute from the same input.

        Args:
            names: of graphs that were added, with one input of float32.
            values: of that input, flat.

        Returns:
            The first output of each graph, flat.

        Raises:
            DeviceError: the target failed.
        """
        raw = struct.pack(f"<{len(values)}f", *values)
        graphs = tuple(self._files[name] for name in names)
        file = self._write(raw, ".bin")
        found: dict[int, list[float]] = {}
        for message in self._whole({"task": "outputs", "graphs": graphs, "input": file}):
            if message["event"] == "outputs":
                index, computed = read_outputs(message, len(graphs))
                found[index] = computed
        if len(found) != len(graphs):
            raise DeviceError(f"{self.device.name} computed {len(found)} of {len(graphs)} outputs")
        return [found[index] for index in range(len(graphs))]

    def _job(self, **content: Any) -> Job:
        return Job(
            nonce=secrets.token_hex(16),
            runtime=self.device.runtime,
            factory=factory_of(self.device.runtime_spec),
            threads=self.device.threads,
            cores=self.device.cores,
            cache=self._cache,
            **content,
        )

    def _one(
        self, keys: Mapping[str, Any], event: str, read: Callable[[Message], T], problem: str
    ) -> T:
        """The first answer of a kind to a short job; `problem` is the error without one."""
        for message in self._whole(keys):
            if message["event"] == event:
                return read(message)
        raise DeviceError(f"{self.device.name} {problem}; run the same command again")

    def _whole(self, keys: Mapping[str, Any]) -> list[Message]:
        """All answers to a short job, which is sent again when the link breaks."""
        for left in reversed(range(_ATTEMPTS)):
            try:
                return list(self._answers(self._job(**keys)))
            except LinkError:
                if not left:
                    raise
                self.reconnect()
        raise AssertionError("the last attempt returns or raises")

    def _answers(self, job: Job) -> Iterator[Message]:
        self._link.push(job)
        return answers(self._link.lines(job), job, self.device.name)

    def _write(self, content: bytes, suffix: str) -> str:
        """Writes a file under the hash of its content; returns its name."""
        name = digest(content, 32) + suffix
        self._link.write(name, content)
        return name


@contextmanager
def open_target(device: Device) -> Iterator[Target]:
    """A device, ready for graphs and jobs; the graphs are removed at the end.

    Raises:
        DeviceError: the device cannot be reached, or its timings were imported.
    """
    device.require_measurable()
    with open_link(device) as link:
        target = Target(device, link)
        target.connect()
        yield target
