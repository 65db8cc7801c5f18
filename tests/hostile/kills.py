"""Commands that are killed at a random moment and run again: nothing lost, the same results."""

import json
import os
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.hostile.bench import Bench, check_text
from tests.hostile.honest import honest_device

_KNOWN, _TRAINED = Path("runs/known"), Path("runs/trained")


@dataclass(frozen=True)
class _Killed:
    """A command, and what it starts from.

    Attributes:
        words: the command.
        runs: those that are there already.
        without: what of them is not there yet.
        result: what the command makes, in a form that can be compared.
    """

    words: str
    runs: tuple[str, ...]
    without: tuple[str, ...]
    result: Callable[[], Any]


def kills(bench: Bench) -> None:
    """A command is killed, some a second time, and run to its end."""
    random = bench.random
    one = random.choice(_COMMANDS)
    expected = _expected(bench, one)
    _fresh(bench, one)
    seconds = random.uniform(0.0, expected.seconds)
    for _ in range(random.choice((1, 1, 2))):
        while not _killed(one, seconds):
            # It had ended: once more from the beginning, and earlier.
            seconds *= 0.7
            _fresh(bench, one)
        bench.note(f"'{one.words}' was killed after {seconds:.3f} s")
        seconds = random.uniform(0.0, expected.seconds / 2)
    code = _in_child(one.words)
    if code != 0:
        bench.wrong(f"'{one.words}' after a kill: exit code {code}: {_said()}")
    check_text(_said(), "stderr")
    found = one.result()
    if found != expected.result:
        bench.wrong(f"'{one.words}' after a kill has other results: {_first(found, expected)}")


@dataclass(frozen=True)
class _Expected:
    """What a command makes when nobody kills it, and how long that takes in this process."""

    result: Any
    seconds: float


_KEPT: dict[str, _Expected] = {}
"""By command: each process of the campaign finds out for itself."""


def _expected(bench: Bench, one: _Killed) -> _Expected:
    if one.words not in _KEPT:
        _fresh(bench, one)
        start = time.monotonic()
        code = _in_child(one.words)
        if code != 0:
            bench.wrong(f"'{one.words}': exit code {code}: {_said()}")
        _KEPT[one.words] = _Expected(one.result(), time.monotonic() - start)
    return _KEPT[one.words]


def _first(found: Any, expected: _Expected) -> str:
    if not isinstance(found, dict):
        return str(found)[:300]
    other = [key for key in found if found[key] != expected.result.get(key)]
    return f"{other}: {[found[key] for key in other]}"[:300]


def _fresh(bench: Bench, one: _Killed) -> None:
    shutil.rmtree(bench.folder / "runs", ignore_errors=True)
    bench.material.move_in(bench.folder, runs=one.runs)
    for name in (*one.without, "profiled.sqlite*"):
        for path in bench.folder.glob(name):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _killed(one: _Killed, seconds: float) -> bool:
    """Whether the command was still running after so many seconds, and is dead now."""
    child = _start(one.words)
    time.sleep(seconds)
    ended = os.waitpid(child, os.WNOHANG)[0]
    if ended:
        return False
    os.killpg(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def _in_child(words: str) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(_start(words), 0)[1])


def _start(words: str) -> int:
    """A process of its own, and a group of its own, that runs a command; what it says is kept."""
    started, begun = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            os.setsid()
            os.close(started)
            os.close(begun)
            code = _run(words)
        finally:
            os._exit(code)
    os.close(begun)
    os.read(started, 1)  # until it has a group that can be killed
    os.close(started)
    return child


def _run(words: str) -> int:
    from hwnas.cli.main import main

    sys.argv = ["hwnas", *words.split()]
    with Path("stdout.txt").open("w") as out, Path("stderr.txt").open("w") as error:
        sys.stdout, sys.stderr = out, error
        try:
            with honest_device():
                main()
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(bool(end.code))
        except BaseException as problem:
            error.write(f"Traceback (most recent call last): {problem!r}")
            return 1
    return 0


def _said() -> str:
    return Path("stderr.txt").read_text()[-400:]


def _rows(path: str, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def _files(folder: Path) -> list[str]:
    """What a run folder holds; nothing half-written stays there. Each process has its own log."""
    found = (path.relative_to(folder) for path in folder.rglob("*"))
    return sorted(str(path) for path in found if not path.name.startswith("events."))


def _tensors(path: Path) -> dict[str, bytes]:
    from hwnas.training.checkpoint import load_weights

    state, _ = load_weights(path)
    return {name: tensor.numpy().tobytes() for name, tensor in state.items()}


def _search(run: Path) -> dict[str, Any]:
    journal = str(run / "run.sqlite")
    return {
        "files": _files(run),
        "front": (run / "front.csv").read_text(),
        "evaluations": _rows(journal, "SELECT architecture, score FROM evaluations"),
        "trials": _rows(journal, "SELECT searcher, number, architecture FROM trials ORDER BY 1, 2"),
    }


def _train() -> dict[str, Any]:
    weights = _tensors(_TRAINED / "supernet.safetensors")
    return {"files": _files(_TRAINED), **weights}


def _export() -> dict[str, Any]:
    winner = _TRAINED / "export" / "winner"
    summary = json.loads((_TRAINED / "summary.json").read_text())
    del summary["seconds"]
    model = (winner / "model.onnx").read_bytes()
    return {"files": _files(_TRAINED), "model": model, "summary": summary}


def _report() -> dict[str, Any]:
    ElementTree.parse(_KNOWN / "front.svg")
    page = (_KNOWN / "report.html").read_text()
    return {"files": _files(_KNOWN), "whole": page.rstrip().endswith("</html>")}


def _rank() -> dict[str, Any]:
    query = "SELECT estimator, identity, architecture, score FROM scores ORDER BY 1, 2, 3"
    return {"scores": _rows(str(_KNOWN / "ranking.sqlite"), query)}


def _shrink() -> dict[str, Any]:
    query = "SELECT estimator, identity, architecture, score FROM scores ORDER BY 1, 2, 3"
    return {
        "choices": Path("runs/shrunk/choices.yaml").read_text(),
        "scores": _rows("runs/shrunk/ranking.sqlite", query),
    }


def _stages() -> dict[str, Any]:
    """Of a file the name says what it depends on: bytes, too, that mean the same in any order."""
    files = sorted(Path("runs/shrunk/shrinking").iterdir())
    weights = [(path.name.rpartition("_")[0], _tensors(path)) for path in files]
    return {**_shrink(), "weights": weights}


def _profile() -> dict[str, Any]:
    table = "profiled.sqlite"
    visits = "SELECT graph, session, round, samples, reference_ms FROM visits ORDER BY 1, 2, 3"
    models = "SELECT scope, content FROM models"
    finished = "SELECT key, finished FROM graphs ORDER BY key"
    return {
        "visits": _rows(table, visits),
        "models": _rows(table, models),
        "graphs": _rows(table, finished),
    }


_SEARCHED = ("run.sqlite*", "front.csv", "report.html", "front.svg")
_EXPORTED = ("export", "summary.json", "report.html", "front.svg")


def _of(run: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"runs/{run}/{name}" for name in names)


_COMMANDS = (
    _Killed("profile simulated.yaml", (), (), _profile),
    _Killed("train trained.yaml", (), (), _train),
    _Killed("search known.yaml", (), (), lambda: _search(_KNOWN)),
    _Killed(
        "search trained.yaml",
        ("trained",),
        _of("trained", (*_SEARCHED, *_EXPORTED)),
        lambda: _search(_TRAINED),
    ),
    _Killed("export runs/trained", ("trained",), _of("trained", _EXPORTED), _export),
    _Killed("report runs/known", ("known",), _of("known", ("report.html", "front.svg")), _report),
    _Killed(
        "rank known.yaml --truth accuracies.csv --estimator synflow --networks 12 --seeds 1",
        ("known",),
        _of("known", ("ranking*",)),
        _rank,
    ),
    _Killed(
        "shrink known.yaml --run runs/shrunk --method da_nas --networks 6 --stages 2 "
        "--set accuracy.estimator=synflow --set accuracy.file=null",
        (),
        (),
        _shrink,
    ),
    _Killed(
        "shrink trained.yaml --run runs/shrunk --method da_nas --method-set classes=0.2 "
        "--networks 4 --stages 2 --epochs 1",
        (),
        (),
        _stages,
    ),
)
