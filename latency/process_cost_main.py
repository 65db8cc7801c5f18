"""The process that `hwnas.latency.process_cost` starts: loads one file, runs it, says what it took.

It reads one JSON object from its standard input and writes one to its standard output. It imports
the runtime of its file and little else, so that its memory is that of the runtime and the file.
"""

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from hwnas.core.registry import load_object
from hwnas.devices.affinity import pin

_MOST_RUNS = 100_000
_WARM_UP_RUNS = 4

Infer = Callable[[], object]
"""Runs one inference to its end, on an input that is there already."""


class Loader(Protocol):
    """What runs the files of one format."""

    def __call__(
        self, threads: int, precision: str, shape: tuple[int, ...]
    ) -> Callable[[Path], Infer]:
        """Imports the runtime, and returns what loads a file of an input of this shape."""


def main() -> int:
    """Runs the job on the standard input; returns the exit code."""
    try:
        answer = run(json.loads(sys.stdin.read()))
    except Exception as error:
        text = " ".join(str(error).split())
        sys.stderr.write(f"{type(error).__name__}: {text}\n")
        return 2
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


def run(job: dict[str, Any]) -> dict[str, float]:
    """What a job's file costs this process, see `hwnas.latency.process_cost.ProcessAnswer`."""
    pin(job["cores"], job["threads"])  # before the runtime starts its threads
    loader: Loader = load_object(job["loader"])
    load = loader(job["threads"], job["precision"], tuple(job["shape"]))
    clock, empty = time.perf_counter_ns, peak_bytes()
    start = clock()
    infer = load(Path(job["path"]))
    loaded = clock()
    infer()
    first = clock()
    peak = peak_bytes()
    samples = sorted(_samples(infer, job["least_runs"], job["least_ms"]))
    return {
        "load_ms": (loaded - start) / 1e6,
        "first_ms": (first - loaded) / 1e6,
        "p50_ms": samples[len(samples) // 2],
        "p99_ms": samples[min(len(samples) - 1, len(samples) * 99 // 100)],
        "peak_bytes": max(peak, peak_bytes()),
        "empty_bytes": empty,
    }


def _samples(infer: Infer, least_runs: int, least_ms: float) -> list[float]:
    for _ in range(_WARM_UP_RUNS):
        infer()
    clock, samples = time.perf_counter_ns, list[float]()
    gc.disable()
    start = clock()
    while len(samples) < least_runs or (
        clock() - start < least_ms * 1e6 and len(samples) < _MOST_RUNS
    ):
        before = clock()
        infer()
        samples.append((clock() - before) / 1e6)
    return samples


def peak_bytes() -> int:
    """The most memory that this process ever held, in bytes.

    On Linux not what `getrusage` says: that begins with the peak of whoever started the process.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        peak = next(line for line in lines.splitlines() if line.startswith("VmHWM:"))
        return int(peak.split()[1]) * 1024
    except (OSError, StopIteration, ValueError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    sys.exit(main())
