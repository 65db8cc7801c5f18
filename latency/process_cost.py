"""What a program pays for a file: fresh processes load it and run it, and say what that took.

A latency table holds what an inference takes in a process that is warm. Whoever ships a file also
waits for it to be loaded and for its first inference, and pays for its memory: these need a process
of their own. `hwnas.latency.process_cost_main` is that process.
"""

import json
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from hwnas.core.errors import DeviceError
from hwnas.core.progress import Progress
from hwnas.devices.transports.local import WHERE
from hwnas.devices.transports.process import run_lines

_MAIN = "hwnas.latency.process_cost_main"
_SILENCE_S = 600.0
"""A process says nothing until its end."""


@dataclass(frozen=True)
class Program:
    """A file and what runs it.

    Attributes:
        loader: "module:attribute" of a `Loader`, see `hwnas.latency.process_cost_main`; importing
            the module must not import the runtime.
        path: the file, or a folder with several.
        precision: that the loader is to run it in, where the file does not say.
        shape: of its input.
    """

    loader: str
    path: Path
    precision: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class CostSchedule:
    """How much is measured.

    Attributes:
        processes: a file; each is started in turn with those of the other files.
        least_runs: inferences in each, behind the first.
        least_ms: and until so much time has passed.
    """

    processes: int = 5
    least_runs: int = 100
    least_ms: float = 300.0


@dataclass(frozen=True)
class Cost:
    """What a file costs: medians over several processes.

    Attributes:
        p50_ms, p99_ms: quantiles of the inferences of a process that is warm.
        spread: what the `p50_ms` of the processes differ by, relative to their median.
        first_ms: the first inference.
        load_ms: from the file on the disk to a model that can be run; the runtime is there already.
        peak_bytes: the most memory that the process ever held.
        empty_bytes: the same before the file was loaded, with the runtime alone.

    None where it was not measured.
    """

    p50_ms: float
    p99_ms: float
    spread: float
    first_ms: float | None = None
    load_ms: float | None = None
    peak_bytes: int | None = None
    empty_bytes: int | None = None


@dataclass(frozen=True)
class ProcessAnswer:
    """What one process says of its file, see `Cost`."""

    p50_ms: float
    p99_ms: float
    first_ms: float
    load_ms: float
    peak_bytes: float
    empty_bytes: float


def process_costs(
    programs: Mapping[str, Program],
    *,
    threads: int = 1,
    cores: str | Sequence[int] = "auto",
    schedule: CostSchedule | None = None,
    progress: Progress | None = None,
) -> dict[str, Cost | DeviceError]:
    """Measures files side by side on this machine, in fresh processes, in random rounds.

    Args:
        programs: by name.
        threads: that compute one inference.
        cores: as in `Device`.
        schedule: how much.
        progress: called after every process.

    Returns:
        By name the cost, or why there is none: one file that crashes does not lose the others.
    """
    plan = schedule or CostSchedule()
    settings = {"threads": threads, "cores": cores} | {
        "least_runs": plan.least_runs,
        "least_ms": plan.least_ms,
    }
    answers: dict[str, list[ProcessAnswer]] = {name: [] for name in programs}
    failed: dict[str, DeviceError] = {}
    for done, name in enumerate(_order(list(programs), plan.processes), start=1):
        if name not in failed:
            try:
                answers[name].append(_ask(programs[name], settings))
            except DeviceError as error:
                failed[name] = error
        if progress is not None:
            progress(done, len(programs) * plan.processes)
    return {name: failed.get(name) or _cost(answers[name]) for name in programs}


def _order(names: list[str], rounds: int) -> Iterator[str]:
    for number in range(rounds):
        yield from random.Random(number).sample(names, len(names))


def _ask(program: Program, settings: Mapping[str, object]) -> ProcessAnswer:
    job = asdict(program) | {"path": str(program.path.resolve())} | dict(settings)
    # Without the current folder on its path, whose files are a stranger's.
    command = [sys.executable, "-P", "-m", _MAIN]
    lines = list(run_lines(command, json.dumps(job), where=WHERE, silence_s=_SILENCE_S))
    try:
        found = json.loads(lines[-1])
        return ProcessAnswer(**{one.name: float(found[one.name]) for one in fields(ProcessAnswer)})
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise DeviceError(f"the process that ran {program.path.name} gave no answer") from error


def _cost(answers: Sequence[ProcessAnswer]) -> Cost:
    def median(read: Callable[[ProcessAnswer], float]) -> float:
        return float(np.median([read(one) for one in answers]))

    p50 = [one.p50_ms for one in answers]
    return Cost(
        p50_ms=median(lambda one: one.p50_ms),
        p99_ms=median(lambda one: one.p99_ms),
        spread=(max(p50) - min(p50)) / float(np.median(p50)),
        first_ms=median(lambda one: one.first_ms),
        load_ms=median(lambda one: one.load_ms),
        peak_bytes=round(median(lambda one: one.peak_bytes)),
        empty_bytes=round(median(lambda one: one.empty_bytes)),
    )
