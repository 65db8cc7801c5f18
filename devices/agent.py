"""The agent: the program that runs on a target; it reads one job and writes JSON answers.

It reads a job (`hwnas.devices.job`) from its standard input, takes the files that the job names
from the current folder, and writes one JSON object a line, each with the job's nonce:

- `{"event": "loading", "graph": i}` before each graph is loaded, and while that takes long;
- `{"event": "cache", "content": "..."}`: a part, in base 64, of the runtime's cache for later jobs,
  when it is not what the runtime was given;
- `{"event": "ready", "facts": {...}}`: what the machine and the runtime are, see `_facts`;
- `{"event": "visit", "round": r, "graph": i, "ms": [...]}` for every visit, in the job's order,
  with `"warnings": [...]` when something was wrong with it, see `hwnas.devices.answers.WARNINGS`;
- `{"event": "energy", "round": r, "graph": i, "mj": x, "inferences": n, "ms": t}` in its place for
  the task "energy": millijoules of the whole board per inference, over n inferences in t ms;
- `{"event": "waiting", "celsius": t}` every few seconds of rest or heat; t may be null;
- `{"event": "round", "round": r, "conditions": {...}}` after each round, see
  `hwnas.devices.conditions`;
- `{"event": "operators", "operators": [{...}, ...]}`, `{"event": "outputs", "graph": i,
  "values": [...]}`, `{"event": "engine", "content": "..."}` (a part, in base 64) or
  `{"event": "health", "findings": [{...}, ...]}` for the other tasks;
- `{"event": "done", "visits": n}` at the end. Output without it is incomplete.

The exit code is 0 when all was done. Otherwise a sentence on the standard error says what went
wrong, and the code is 4 when another agent in the same folder does not end (one runs at a time), 5
where energy is not counted, and else 2; it is 3 when nobody reads the answers any more. The native
agent, a program in C, speaks the same protocol: `devices/native_agent`.
"""

import base64
import contextlib
import fcntl
import json
import os
import platform
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hwnas.core.errors import DeviceError, EnergyError
from hwnas.devices.affinity import pin
from hwnas.devices.conditions import Conditions, hottest
from hwnas.devices.emulation import emulator
from hwnas.devices.health_files import Finding
from hwnas.devices.job import BUSY, LONGEST_WAIT_S, MOST_CACHE, NO_ENERGY, Job
from hwnas.devices.machine import core_count, cpu_name
from hwnas.devices.nvml import GpuSensors
from hwnas.devices.runtimes import (
    BuildingRuntime,
    CachingRuntime,
    EnergyGraph,
    LoadedGraph,
    Runtime,
)
from hwnas.devices.runtimes.gpu_energy import EnergyMeter
from hwnas.devices.uncontrolled import uncontrolled

LOCK = "agent.lock"
# An agent whose link broke ends at its next write.
_LOCK_SECONDS = 20.0
# Resumed a little below the limit. A chip that does not cool down is measured as hot as it is.
_COOLER, _REPORT_EVERY = 3.0, 5.0
_BEAT = 20.0
# Of a file that is sent in lines of text.
_PART_BYTES = 3_000_000


class _BusyError(DeviceError):
    """Another agent does not end."""


def main() -> int:
    """Runs the job on the standard input; returns the exit code."""
    try:
        with _alone():
            run_job(Job.from_text(sys.stdin.read()))
    except BrokenPipeError:  # nobody reads any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 3
    except _BusyError as error:
        sys.stderr.write(f"{error}\n")
        return BUSY
    except EnergyError as error:
        sys.stderr.write(f"{error}\n")
        return NO_ENERGY
    except (DeviceError, MemoryError, OSError) as error:
        sys.stderr.write(f"{str(error) or type(error).__name__}\n")
        return 2
    return 0


def run_job(job: Job) -> None:
    """Runs a job with the files of the current folder, and writes the answers."""
    pinned = ""
    if job.task == "health" or not job.spec.on_gpu:
        pinned = pin(job.cores, job.threads)  # before the runtime starts its threads
    if job.task == "health":
        _write(job, event="health", findings=_findings(job, pinned))
        visits = 0
    else:
        visits = _run_graphs(job, pinned)
    _write(job, event="done", visits=visits)


def _findings(job: Job, pinned: str) -> list[Finding]:
    from hwnas.devices.health import read_health  # which no other job needs
    from hwnas.devices.health_gpu import gpu_findings

    bus = job.spec.make().gpu if job.spec.on_gpu else ""
    found = read_health(pinned, job.cores, job.threads)
    return [*found, *gpu_findings(bus)] if bus else found


def _run_graphs(job: Job, pinned: str) -> int:
    """Runs a job that needs graphs; returns how many visits it made."""
    runtime = job.spec.make()
    cache = Path(job.cache).read_bytes() if job.cache else b""
    if isinstance(runtime, CachingRuntime):
        runtime.cache = cache
    if job.task == "operators":
        with _signs_of_life(job, 0):
            path = Path(job.graphs[0])
            found = runtime.operators(path, threads=job.threads, runs=job.least_runs)
        _write(job, event="operators", operators=found)
        return 0
    if job.task == "build":
        _build(job, runtime, pinned)
        return 0
    if job.task == "energy":  # before graphs are built for minutes
        EnergyMeter(GpuSensors(runtime.gpu).millijoules).check()
    graphs: list[LoadedGraph] = []
    for index, name in enumerate(job.graphs):
        with _signs_of_life(job, index):
            graphs.append(runtime.load(Path(name), threads=job.threads))
    if isinstance(runtime, CachingRuntime):
        _write_cache(job, runtime.cache, cache)
    # On a GPU not before: what builds engines uses all cores, and the thread that launches is this.
    pinned = pinned or pin(job.cores, job.threads)
    _write(job, event="ready", facts=_facts(job, pinned, runtime.version, graphs))
    if job.task == "outputs":
        for index, graph in enumerate(graphs):
            values = graph.run_raw(Path(job.input).read_bytes())
            _write(job, event="outputs", graph=index, values=values)
        return 0
    return _visit(job, graphs, GpuSensors(runtime.gpu))


def _build(job: Job, runtime: Runtime, pinned: str) -> None:
    if not isinstance(runtime, BuildingRuntime):
        raise DeviceError(f"the runtime {job.runtime} builds no engines")
    with _signs_of_life(job, 0):
        engine, graph = runtime.build(Path(job.graphs[0]))
    pinned = pinned or pin(job.cores, job.threads)
    _write(job, event="ready", facts=_facts(job, pinned, runtime.version, [graph]))
    _write_file(job, "engine", engine)


def _visit(job: Job, graphs: Sequence[LoadedGraph], sensors: GpuSensors) -> int:
    """Visits graphs in the rounds of a job; returns how many visits it made."""
    conditions, visits = Conditions(sensors), 0
    for number, order in job.rounds:
        _rest(job, sensors)
        for index in order:
            if job.task == "energy":
                measured = _energy(job, graphs[index], sensors)
            else:
                measured = _times(job, graphs[index])
            _write(job, round=number, graph=index, **measured)
            visits += 1
        _write(job, event="round", round=number, conditions=conditions.read())
    return visits


def _times(job: Job, graph: LoadedGraph) -> dict[str, Any]:
    samples = graph.time(least_runs=job.least_runs, least_ms=job.least_ms)
    warnings = {"warnings": graph.warnings} if graph.warnings else {}
    return {"event": "visit", "ms": [round(sample, 6) for sample in samples], **warnings}


def _energy(job: Job, graph: LoadedGraph, sensors: GpuSensors) -> dict[str, Any]:
    if not isinstance(graph, EnergyGraph):
        raise EnergyError(f"the runtime {job.runtime} does not measure energy")
    found = EnergyMeter(sensors.millijoules).measure(graph.start, least_ms=job.least_ms)
    mj, ms = round(found.millijoules, 6), round(found.ms, 3)
    return {"event": "energy", "mj": mj, "inferences": found.inferences, "ms": ms}


def _facts(job: Job, pinned: str, version: str, graphs: Sequence[LoadedGraph]) -> dict[str, Any]:
    """The facts of this machine and this runtime, see `hwnas.devices.answers.Facts`."""
    return {
        "machine": platform.machine(),
        "cpu": cpu_name(),
        "cores": core_count(),
        "pinned": pinned,
        "agent": "python",
        "runtime": job.runtime,
        "runtime_version": version,
        "provider": graphs[0].provider if graphs else "",
        "emulated": emulator(),
        "uncontrolled": uncontrolled(pinned),
    }


@contextlib.contextmanager
def _signs_of_life(job: Job, graph: int) -> Iterator[None]:
    """Writes again and again that a graph is being loaded: building an engine may take minutes."""
    over = threading.Event()

    def report() -> None:
        with contextlib.suppress(OSError):  # nobody reads any more: the next answer will fail
            while not over.wait(_BEAT):
                _write(job, event="loading", graph=graph)

    _write(job, event="loading", graph=graph)
    beat = threading.Thread(target=report, daemon=True)
    beat.start()
    try:
        yield
    finally:
        over.set()
        beat.join()


def _rest(job: Job, gpu: GpuSensors) -> None:
    """Lets the chip cool down before a round: for a fixed time, then until it is cool enough."""
    left = job.rest_s
    while left > 0:
        time.sleep(min(left, _REPORT_EVERY))
        left -= _REPORT_EVERY
        # The host takes long silence for a dead target, and only writing shows that a link broke.
        if left > 0:
            _write(job, event="waiting", celsius=_hottest(gpu))
    celsius = _hottest(gpu)
    if not job.limit_celsius or celsius is None or celsius <= job.limit_celsius:
        return
    end = time.monotonic() + LONGEST_WAIT_S
    while celsius is not None and celsius > job.limit_celsius - _COOLER and time.monotonic() < end:
        _write(job, event="waiting", celsius=celsius)
        time.sleep(_REPORT_EVERY)
        celsius = _hottest(gpu)


def _hottest(gpu: GpuSensors) -> float | None:
    """The temperature of the processor or of the GPU that is measured, whichever is hotter."""
    found = [one for one in (hottest(), gpu.celsius()) if one is not None]
    return max(found, default=None)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Holds the folder's lock, so that two jobs do not disturb each other's timings."""
    with Path(LOCK).open("w", encoding="utf-8") as file:
        end = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > end:
                    raise _BusyError(
                        "another hwnas process is measuring on this device; wait for it"
                    ) from error
                time.sleep(0.1)
            except OSError:  # a file system without locks
                break
        yield


def _write_cache(job: Job, cache: bytes, given: bytes) -> None:
    if cache != given and len(cache) <= MOST_CACHE:
        _write_file(job, "cache", cache)


def _write_file(job: Job, event: str, content: bytes) -> None:
    for start in range(0, len(content), _PART_BYTES):
        part = content[start : start + _PART_BYTES]
        _write(job, event=event, content=base64.b64encode(part).decode())


def _write(job: Job, **content: Any) -> None:
    sys.stdout.write(json.dumps({"nonce": job.nonce, **content}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
