"""Two processes that take cases, and a watch that ends those that hang."""

import contextlib
import json
import multiprocessing
import os
import resource
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.hostile.bench import Bench, FallThroughError
from tests.hostile.material import Material

CPU_S = 10.0
"""Seconds of processor time that a case may take; the usual one takes 20 ms."""
WALL_S = 60.0
"""Seconds after which the process of a case is ended: it waits for something."""
MORE_BYTES = 3 * 2**30
"""Of address space that a case may take beyond what is loaded already."""

_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Kind:
    """A kind of input.

    Attributes:
        name: what `--kind` calls it.
        cases: how many.
        case: does one: takes healthy files, damages them, uses them.
    """

    name: str
    cases: int
    case: Callable[[Bench], None]


@dataclass(frozen=True)
class Result:
    """How a case ended: "" for as it should, else how it fell through."""

    kind: str
    index: int
    how: str = ""
    what: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


class _HangError(BaseException):
    """Too much processor time; no library catches it by `except Exception`."""


def run_case(kind: Kind, index: int, seed: int, material: Material) -> Result:
    """One case, the same for the same kind, index and seed."""
    start = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="case-", dir=material.work))
    bench = Bench(material, folder, Random(f"{seed} {kind.name} {index}"))
    how = what = ""
    os.chdir(folder)
    try:
        with _processor_time(CPU_S):
            kind.case(bench)
    except FallThroughError as error:
        how, what = error.how, str(error)
    except _HangError:
        how, what = "hang", f"hang: more than {CPU_S:g} s of processor time"
    except Exception as error:
        how, what = "traceback", f"in the case itself: {error!r}"
    finally:
        os.chdir(material.work)
        shutil.rmtree(folder, ignore_errors=True)
    seconds = round(time.monotonic() - start, 3)
    return Result(kind.name, index, how, what, tuple(bench.notes), seconds)


@contextlib.contextmanager
def _processor_time(seconds: float) -> Iterator[None]:
    def ended(*_: object) -> None:
        raise _HangError

    signal.signal(signal.SIGPROF, ended)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def run_all(
    cases: Sequence[tuple[Kind, int]], seed: int, material: Material, processes: int
) -> list[Result]:
    """All cases, in processes of their own that share them."""
    following = _FORK.Value("l", 0)
    desks = [_Desk(cases, seed, material, following, number) for number in range(processes)]
    for desk in desks:
        desk.begin()
    while any(desk.watch() for desk in desks):
        time.sleep(0.1)
    return sorted((r for desk in desks for r in desk.results()), key=lambda r: (r.kind, r.index))


class _Desk:
    """One process at a time that takes cases; a new one where the last has died."""

    def __init__(
        self,
        cases: Sequence[tuple[Kind, int]],
        seed: int,
        material: Material,
        following: Any,
        number: int,
    ) -> None:
        self._cases, self._seed, self._material = cases, seed, material
        self._following = following
        self._at = _FORK.Array("d", [-1.0, 0.0], lock=False)
        self._file = material.work / f"results-{number}.jsonl"
        self._process: Any = None

    def begin(self) -> None:
        """Starts a process."""
        self._at[0] = -1.0
        self._process = _FORK.Process(target=self._work, daemon=False)
        self._process.start()

    def watch(self) -> bool:
        """Whether there is more to do; ends what hangs, begins anew behind what died."""
        now, since = int(self._at[0]), self._at[1]
        if self._process.is_alive():
            if now >= 0 and time.monotonic() - since > WALL_S:
                os.kill(self._process.pid, signal.SIGKILL)
                self._process.join()
                self._lost("hang", f"hang: waits for more than {WALL_S:g} s", now)
                self.begin()
            return True
        if self._process.exitcode != 0 or now >= 0:
            self._lost("traceback", f"the process died with code {self._process.exitcode}", now)
            self.begin()
            return True
        return False

    def results(self) -> list[Result]:
        """Of all cases that this desk took."""
        lines = self._file.read_text().splitlines() if self._file.is_file() else []
        return [Result(**json.loads(line)) for line in lines]

    def _lost(self, how: str, what: str, now: int) -> None:
        if now >= 0:
            kind, index = self._cases[now]
            self._keep(Result(kind.name, index, how, what))

    def _keep(self, result: Result) -> None:
        with self._file.open("a") as file:
            file.write(json.dumps(asdict(result)) + "\n")

    def _work(self) -> None:
        _limit_memory()
        while True:
            with self._following.get_lock():
                now = self._following.value
                self._following.value += 1
            if now >= len(self._cases):
                self._at[0] = -1.0
                os._exit(0)
            self._at[1], self._at[0] = time.monotonic(), float(now)
            kind, index = self._cases[now]
            self._keep(run_case(kind, index, self._seed, self._material))
            self._at[0] = -1.0


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MORE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
