"""A search on a Ray cluster while workers, machines and the search itself are killed.

    python -m benchmarks.chaos --json

Two nodes of Ray on this machine, each made by `ray start`. First a search of 200 evaluations: at 30
random moments a worker, a node or the process that searches is killed. Its front must be that of an
undisturbed search, and no evaluation lost, counted twice or failed. `begun` says how many
evaluations that took: a kill costs those that run, two at most. Then a search whose evaluations
crash, hang, exceed their memory or give NaN, with a chance of 10 % each: its front must be that of
the others, and the journal lists the failures.
"""

import argparse
import json
import os
import random
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from typing_extensions import override

from hwnas.core.errors import HwnasError
from hwnas.core.listener import Silent
from hwnas.search.executors.ray_workers import RayWorkers
from hwnas.search.front import Front
from hwnas.search.journal import Journal
from hwnas.search.run_search import run_search
from hwnas.spaces import Architectures
from hwnas.testing.search_problems import macro_problem, synthetic_score

KINDS = ("worker", "node", "driver")
WAYS = ("crash", "hang", "memory", "nan")
_SEARCHER = "nsga2"
_SECONDS, _MEMORY_MB = 3.0, 700.0
_LOOK_S = 0.05
# A cluster that is started, or a search that goes on, shows that within so many seconds.
_PATIENCE_S = 240.0
_RAY = str(Path(sys.executable).with_name("ray"))


@dataclass
class Slow:
    """The synthetic score of one architecture, after some seconds."""

    seconds: float
    harm: bool
    begun: Path

    def __call__(self, rows: Architectures) -> np.ndarray[Any, Any]:
        """(1,) the score; or something worse. A byte in the file `begun` counts it."""
        with self.begun.open("ab") as counter:
            counter.write(b".")
        time.sleep(self.seconds)
        way = fate(rows[0]) if self.harm else None
        if way == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if way == "hang":
            time.sleep(10_000)
        if way == "memory":
            eaten = []
            while True:
                eaten.append(np.ones(10**6))
                time.sleep(0.002)
        return np.full(1, np.nan) if way else synthetic_score(rows)


def fate(row: Architectures) -> str | None:
    """What an architecture (L,) does to its worker, with a chance of 10 % each; None: nothing."""
    drawn = int(np.random.default_rng([5, *row.tolist()]).integers(10))
    return WAYS[drawn] if drawn < len(WAYS) else None


@dataclass
class Cluster:
    """Two nodes, the second of which may die and come back."""

    folder: Path
    port: int = field(default_factory=lambda: _free_port())
    nodes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Of the head."""
        return f"127.0.0.1:{self.port}"

    def start_node(self) -> None:
        """Starts the head, or a further node."""
        head = [f"--port={self.port}", "--head", "--include-dashboard=false"]
        head += [f"--temp-dir={self.folder}", "--disable-usage-stats"]
        words = [f"--address={self.address}"] if self.nodes else head
        log = (self.folder.parent / f"node{len(self.nodes)}.log").open("wb")
        words += ["--num-cpus=1", "--object-store-memory=100000000"]
        node = subprocess.Popen(
            [_RAY, "start", *words, "--block"], stdout=log, stderr=log, start_new_session=True
        )
        self.nodes.append(node)

    def kill_node(self) -> None:
        """Ends the last node at once, with all that it has started."""
        _kill_tree(self.nodes[-1].pid)

    def stop(self) -> None:
        """Ends both."""
        for node in self.nodes:
            if node.poll() is None:
                _kill_tree(node.pid)

    def workers(self) -> list[int]:
        """The processes that evaluate."""
        found = []
        for node in self.nodes:
            found += [one.pid for one in _tree(node.pid) if _title(one).startswith("ray::Worker")]
        return found


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def main() -> None:
    """Prints the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--evaluations", type=int, default=200)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=0.5, help="that an evaluation takes")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--json", action="store_true", help="the last line is JSON anyway")
    parser.add_argument("--drive", help=argparse.SUPPRESS)
    parser.add_argument("--journal", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--harm", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.drive:
        _drive(given)
        return
    # A token of its own, whatever Ray this user has else.
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    with tempfile.TemporaryDirectory(prefix="hwnas-chaos-", dir="/tmp") as folder:
        cluster = Cluster(Path(folder) / "ray")
        try:
            for _ in range(2):
                cluster.start_node()
                _wait_for_nodes(cluster)
            figures = _killed(cluster, given) | _harmed(cluster, given)
        finally:
            cluster.stop()
    print(json.dumps(figures))


def _drive(given: argparse.Namespace) -> None:
    """The process that searches."""
    limits: dict[str, Any] = {}
    if given.harm:
        limits = {"seconds": _SECONDS + given.seconds, "memory_mb": _MEMORY_MB}
    with RayWorkers(2, address=given.drive, threads=1, listener=_Said(), **limits) as workers:
        _search(given, given.journal, workers)


def _search(given: argparse.Namespace, journal: Path, workers: RayWorkers | None) -> None:
    begun = journal.with_suffix(".begun")
    score = Slow(given.seconds, given.harm, begun) if workers else _undisturbed(given.harm)
    run_search(
        macro_problem(0.5),
        score,
        searcher=_SEARCHER,
        evaluations=given.evaluations,
        of="architectures",
        journal=journal,
        executor=workers,
    )


def _undisturbed(harm: bool) -> Any:
    """What should be found: the same score where what fails is no number."""

    def score(rows: Architectures) -> np.ndarray[Any, Any]:
        return np.full(1, np.nan) if harm and fate(rows[0]) else synthetic_score(rows)

    return score


def _killed(cluster: Cluster, given: argparse.Namespace) -> dict[str, Any]:
    """The search that is killed at random moments, and the same undisturbed."""
    generator = random.Random(given.seed)
    here, there = (cluster.folder.parent / name for name in ("undisturbed.sqlite", "killed.sqlite"))
    _search(given, here, None)
    moments = sorted(generator.sample(range(given.evaluations - 2), given.kills))
    kinds = [KINDS[number % len(KINDS)] for number in range(given.kills)]
    generator.shuffle(kinds)
    driver = _start_driver(cluster, given, there)
    for moment, kind in zip(moments, kinds, strict=True):
        driver = _wait_for(there, moment, driver, cluster, given)
        time.sleep(generator.random() * given.seconds)
        print(f"after {_count(there)} evaluations: a {kind} is killed", flush=True)
        if kind == "driver":
            driver.kill()
            driver.wait()
            driver = _start_driver(cluster, given, there)
        elif kind == "node":
            cluster.kill_node()
            cluster.start_node()
        elif workers := cluster.workers():
            os.kill(generator.choice(workers), signal.SIGKILL)
    code = driver.wait(timeout=60 * given.evaluations)
    rows, scores = _held(there)
    asked, different = _trials(there)
    return {
        "kills": {kind: kinds.count(kind) for kind in KINDS},
        "ended": int(code == 0),
        "begun": there.with_suffix(".begun").stat().st_size,
        "same_front": int(_bytes(_front(here)) == _bytes(_front(there))),
        "lost": given.evaluations - len(set(map(tuple, rows.tolist()))),
        "twice": asked - different,
        "failed": len(_failures(there)),
        "same_scores": int(_sorted(*_held(here)) == _sorted(rows, scores)),
    }


def _harmed(cluster: Cluster, given: argparse.Namespace) -> dict[str, Any]:
    """The search whose evaluations fail."""
    given.harm = True
    here, there = (cluster.folder.parent / name for name in ("known.sqlite", "harmed.sqlite"))
    _search(given, here, None)
    code = _start_driver(cluster, given, there).wait(timeout=60 * given.evaluations)
    failures = _failures(there)
    reasons: dict[str, int] = {}
    for reason in failures.values():
        reasons[reason] = reasons.get(reason, 0) + 1
    return {
        "harm_ended": int(code == 0),
        "harm_same_front": int(_bytes(_front(here)) == _bytes(_front(there))),
        "harm_failures": reasons,
        "harm_as_expected": int(failures.keys() == _failures(here).keys()),
    }


def _start_driver(
    cluster: Cluster, given: argparse.Namespace, journal: Path
) -> "subprocess.Popen[bytes]":
    words = ["--evaluations", str(given.evaluations), "--seconds", str(given.seconds)]
    words += ["--drive", cluster.address, "--journal", str(journal)]
    words += ["--harm"] if given.harm else []
    return subprocess.Popen([sys.executable, "-m", "benchmarks.chaos", *words])


def _wait_for(
    journal: Path,
    count: int,
    driver: "subprocess.Popen[bytes]",
    cluster: Cluster,
    given: argparse.Namespace,
) -> "subprocess.Popen[bytes]":
    """Waits until so many evaluations are there; a driver that has ended is started again."""
    before, since = -1, time.monotonic()
    while (now := _count(journal)) < count:
        if now > before:
            before, since = now, time.monotonic()
        if time.monotonic() - since > _PATIENCE_S:
            raise SystemExit(f"nothing was evaluated for {_PATIENCE_S:.0f} s")
        if driver.poll() is not None:
            print("the driver has ended by itself and is started again", flush=True)
            driver = _start_driver(cluster, given, journal)
        time.sleep(_LOOK_S)
    return driver


def _wait_for_nodes(cluster: Cluster) -> None:
    """Waits until the last node that was started has its raylet's workers."""
    since = time.monotonic()
    while not any(_title(one).startswith("ray::") for one in _tree(cluster.nodes[-1].pid)):
        if time.monotonic() - since > _PATIENCE_S or cluster.nodes[-1].poll() is not None:
            raise SystemExit(f"a node of Ray does not start; see {cluster.folder.parent}")
        time.sleep(_LOOK_S)


def _count(journal: Path) -> int:
    try:
        with Journal(journal, reading=True) as held:
            return held.spent()[0]
    except (HwnasError, OSError):
        return 0  # not there yet


def _held(journal: Path) -> tuple[Architectures, np.ndarray[Any, Any]]:
    with Journal(journal, reading=True) as held:
        return held.evaluations()


def _trials(journal: Path) -> tuple[int, int]:
    """How many times something was asked for, and how many different architectures that is."""
    with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as held:
        query = "SELECT count(*), count(DISTINCT architecture) FROM trials"
        every, different = held.execute(query).fetchone()
    return int(every), int(different)


def _failures(journal: Path) -> dict[str, str]:
    """The reason of each evaluation that failed, by its architecture's text."""
    with Journal(journal, reading=True) as held:
        unfinished = held.outcomes.unfinished
        return {text: str(one.failure) for text, one in unfinished.items()}


def _front(journal: Path) -> Front:
    return macro_problem(0.5).front(*_held(journal))


def _bytes(front: Front) -> bytes:
    return b"".join(part.tobytes() for part in (front.architectures, front.scores, front.costs))


def _sorted(rows: Architectures, scores: np.ndarray[Any, Any]) -> list[tuple[Any, ...]]:
    return sorted(zip(map(tuple, rows.tolist()), scores.tolist(), strict=True))


def _tree(pid: int) -> list[psutil.Process]:
    """A process and all that it has started."""
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.Error:
        return []


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _kill_tree(pid: int) -> None:
    for process in _tree(pid):
        try:
            process.kill()
        except psutil.Error:
            continue


class _Said(Silent):
    """Prints what the workers say."""

    @override
    def say(self, text: str) -> None:
        print(f"  {text}", flush=True)

    @override
    def warn(self, text: str) -> None:
        print(f"  {text}", flush=True)


if __name__ == "__main__":
    main()
