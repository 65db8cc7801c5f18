"""The agent: the one program that runs on a target, a job in, JSON samples out.

`python -m devices.agent FOLDER` reads `FOLDER/job.json`:

    {"nonce": str, "runtime": str, "threads": int, "cores": "auto" | "any" | [int, ...],
     "least_runs": int, "least_ms": float, "graphs": ["0.onnx", ...],
     "rounds": [[round, [graph index, ...]], ...], "operators": bool (false when left out)}

and writes one JSON object a line, each with the nonce: `{"event": "ready", "facts": {...}}` when
all graphs are loaded, `{"event": "visit", "round": r, "graph": i, "ms": [...]}` for every visit, in
the order of the job, `{"event": "round", "round": r, "conditions": {...}}` after each round, and
`{"event": "done", "visits": n}`. Output without that end is incomplete. With "operators", the first
graph is run under the runtime's profiler: `{"event": "operators", "operators": [{...}, ...]}`.
With "health": true, no graph is run: `{"event": "health", "findings": [{...}, ...]}`.
"""

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from devices.affinity import pin
from devices.conditions import Conditions
from devices.errors import DeviceError
from devices.runtimes import load_runtime


def main(folder: str) -> int:
    """Runs the job of a folder; 0 when all of it was done, 2 with a sentence on stderr."""
    path = Path(folder)
    try:
        run_job(json.loads((path / "job.json").read_text(encoding="utf-8")), path)
    except BrokenPipeError:
        raise
    except (DeviceError, MemoryError, OSError) as error:
        sys.stderr.write(f"{str(error) or type(error).__name__}\n")
        return 2
    return 0


def run_job(job: dict[str, Any], folder: Path) -> None:
    """Loads every graph of a job, visits them round by round, and writes what it measures."""
    pinned = pin(job["cores"], job["threads"])  # before the runtime starts its threads
    if job.get("health"):
        from devices.health import read_health  # here, because no other job needs it

        _write(job, event="health", findings=read_health(pinned, job["cores"], job["threads"]))
        return
    runtime = load_runtime(job["runtime"])
    if job.get("operators"):
        path = folder / job["graphs"][0]
        found = runtime.operators(path, threads=job["threads"], runs=job["least_runs"])
        _write(job, event="operators", operators=found)
        return
    graphs = [runtime.load(folder / name, threads=job["threads"]) for name in job["graphs"]]
    facts = {
        "machine": platform.machine(),
        "cpu": cpu_name(),
        "cores": os.cpu_count() or 1,
        "pinned": pinned,
        "runtime": job["runtime"],
        "runtime_version": runtime.version,
        "provider": graphs[0].provider if graphs else "",
    }
    _write(job, event="ready", facts=facts)
    conditions = Conditions()
    visits = 0
    for number, order in job["rounds"]:
        for index in order:
            samples = graphs[index].time(least_runs=job["least_runs"], least_ms=job["least_ms"])
            rounded = [round(sample, 6) for sample in samples]
            _write(job, event="visit", round=number, graph=index, ms=rounded)
            visits += 1
        _write(job, event="round", round=number, conditions=conditions.read())
    _write(job, event="done", visits=visits)


def cpu_name() -> str:
    """The processor, as precisely as this system names it.

    On x86 with family, model and stepping, because virtual machines hide the model's name; on Arm
    with the parts of all cores, as big and little ones differ.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    fields: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        values = fields.setdefault(name.strip(), [])
        if value.strip() not in values:
            values.append(value.strip())
    parts = list(fields.get("model name", []))
    names = ("cpu family", "model", "stepping", "CPU implementer", "CPU part")
    parts += [f"{name} {'+'.join(fields[name])}" for name in names if name in fields]
    return ", ".join(parts) or platform.machine()


def _write(job: dict[str, Any], **content: Any) -> None:
    sys.stdout.write(json.dumps({"nonce": job["nonce"], **content}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except BrokenPipeError:  # whoever asked is gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(3)
