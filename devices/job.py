"""Job: what an agent is asked to do, and the text in which the job is sent.

The text is lines of words, so that a small C program reads it as easily as Python. It begins with
`hwnas job 1` and ends with `end`: a text that was cut off is not a job.

    hwnas job 1
    nonce 5f0c...              which every answer repeats
    runtime onnxruntime
    factory cpu MODULE:NAME    what makes a runtime that is not one of ours, on "cpu" or "gpu"
    threads 1
    cores auto                 or "any", or numbers: cores 4 5
    task time                  or "energy", "operators", "outputs", "build", "health"
    runs 5                     inferences per visit, at least
    ms 1.0                     duration of a visit, at least
    rest 0.0                   seconds of rest before each round
    limit 0.0                  °C above which a round waits, 0 for none
    input NAME                 raw values for the task "outputs", else left out
    cache NAME                 the cache of the runtime from an earlier job, if there is one
    graph NAME                 one line per graph, in the order of their indices
    round 0 2 0 1 0            number, then the indices of the graphs to visit
    end
"""

import re
from dataclasses import dataclass

from hwnas.core.errors import DeviceError
from hwnas.devices.runtimes import RUNTIMES, RuntimeSpec, load_spec

_HEAD, _END = "hwnas job 1", "end"
TASKS = ("time", "energy", "operators", "outputs", "build", "health")
BUSY = 4
"""Exit code of an agent that waited for another one in vain: try again a little later."""
MOST_CACHE = 64_000_000
"""Bytes of a runtime's cache: a larger one is not worth sending."""
LONGEST_WAIT_S = 300.0
"""How long an agent waits for a chip to cool down before it is measured as hot as it is."""
NO_ENERGY = 5
"""Exit code of an agent that was asked for energy on a machine that does not count it."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Job:
    """One job of an agent; files are named, they lie in the working folder.

    Attributes:
        nonce: which every answer repeats.
        runtime: name of the runtime.
        threads: of the runtime.
        cores: "auto", "any", or numbers.
        task: "time" visits graphs in rounds, and so does "energy", which the native agent does not
            know; "operators" runs the first graph under the runtime's profiler; "outputs" runs
            each graph once on `input`; "build" makes an engine of the first graph; "health" runs
            no graph.
        least_runs: inferences per visit, at least.
        least_ms: duration of a visit, at least.
        rest_s: seconds of rest before each round.
        limit_celsius: a round waits while a sensor is above it; 0 for none.
        input: file of the first input's values, raw, for "outputs".
        cache: file with the runtime's cache from an earlier job, "" for none.
        graphs: files of ONNX models.
        factory: what makes the runtime when it is not one of ours, see `factory_of`.
        rounds: number, and indices of the graphs to visit.
    """

    nonce: str
    runtime: str
    threads: int
    cores: str | tuple[int, ...]
    task: str = "time"
    least_runs: int = 0
    least_ms: float = 0.0
    rest_s: float = 0.0
    limit_celsius: float = 0.0
    input: str = ""
    cache: str = ""
    graphs: tuple[str, ...] = ()
    rounds: tuple[tuple[int, tuple[int, ...]], ...] = ()
    factory: str = ""

    @property
    def spec(self) -> RuntimeSpec:
        """Of the runtime: a target knows ours, and of another one what the job says of it.

        Raises:
            DeviceError: there is no such runtime.
        """
        place, _, path = self.factory.partition(" ")
        if not path:
            return load_spec(self.runtime)
        return RuntimeSpec(self.runtime, path, on_gpu=place == "gpu")

    def to_text(self) -> str:
        """The lines that `from_text` reads."""
        cores = self.cores if isinstance(self.cores, str) else " ".join(map(str, self.cores))
        lines = [
            _HEAD,
            f"nonce {self.nonce}",
            f"runtime {self.runtime}",
            *([f"factory {self.factory}"] if self.factory else []),
            f"threads {self.threads}",
            f"cores {cores}",
            f"task {self.task}",
            f"runs {self.least_runs}",
            f"ms {self.least_ms}",
            f"rest {self.rest_s}",
            f"limit {self.limit_celsius}",
            *([f"input {self.input}"] if self.input else []),
            *([f"cache {self.cache}"] if self.cache else []),
            *(f"graph {name}" for name in self.graphs),
            *(f"round {number} {' '.join(map(str, order))}" for number, order in self.rounds),
            _END,
        ]
        return "\n".join(lines) + "\n"

    @classmethod
    def from_text(cls, text: str) -> "Job":
        """The inverse of `to_text`.

        Raises:
            DeviceError: the text is cut off, or is not a job.
        """
        lines = text.splitlines()
        if not lines or lines[0] != _HEAD or lines[-1] != _END:
            raise DeviceError("the job is cut off, or of another version of hwnas")
        fields: dict[str, str] = {}
        graphs, rounds = [], []
        try:
            for line in lines[1:-1]:
                key, _, value = line.partition(" ")
                if key == "graph":
                    graphs.append(_name(value))
                elif key == "round":
                    number, *order = map(int, value.split())
                    rounds.append((number, tuple(order)))
                else:
                    fields[key] = value
            cores = fields["cores"]
            job = cls(
                nonce=fields.pop("nonce"),
                runtime=fields.pop("runtime"),
                factory=fields.pop("factory", ""),
                threads=int(fields.pop("threads")),
                cores=cores if cores in ("auto", "any") else tuple(map(int, cores.split())),
                task=fields.pop("task"),
                least_runs=int(fields.pop("runs")),
                least_ms=float(fields.pop("ms")),
                rest_s=float(fields.pop("rest")),
                limit_celsius=float(fields.pop("limit")),
                input=_name(fields.pop("input")) if "input" in fields else "",
                cache=_name(fields.pop("cache")) if "cache" in fields else "",
                graphs=tuple(graphs),
                rounds=tuple(rounds),
            )
        except (KeyError, ValueError) as error:
            raise DeviceError(f"the job cannot be read: {error}") from error
        indices = {index for _, order in rounds for index in order}
        if set(fields) != {"cores"} or job.task not in TASKS or indices - {*range(len(graphs))}:
            raise DeviceError("the job is of another version of hwnas")
        return job


def factory_of(runtime: RuntimeSpec) -> str:
    """What a job says of a runtime that is not one of ours; a target knows ours by their names."""
    if runtime.name in RUNTIMES.ours:
        return ""
    return f"{'gpu' if runtime.on_gpu else 'cpu'} {runtime.factory}"


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is not the name of a file")
    return text
