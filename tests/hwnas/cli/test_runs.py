"""`hwnas runs`: how far each run of a folder is, and what came of it."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from hwnas.core.errors import RunError
from hwnas.core.lock import locked
from hwnas.data import Balance
from hwnas.runs.config import load_run_config
from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.hwnas.cli.test_next_step import next_of

NUMBER = {"macs": 1, "parameters": 1, "weights_from": "scratch", "predicted_ms": 2.0}
SUMMARY: dict[str, Any] = {
    "budget_ms": 3.0,
    "budgets": {"latency": 3.0},
    "winner": {
        **NUMBER,
        "measured_ms": 2.5,
        "accuracy": 91.25,
        "accuracy_interval": [90.0, 92.0],
    },
    "reference": None,
    "onnx_max_abs_diff": 0.0,
    "front_digest": "0",
    "device": "pi",
    "precision": "fp32",
    "space": "mobilenet_v2",
    "resolution": 32,
    "images": "digits",
    "train_images": 10,
    "validation_images": 10,
    "test_images": 10,
    "skipped_images": 0,
    "balance": asdict(Balance(10, "0", 3, "1", 3, 1.0, (), 10.0)),
    "model": "model.onnx",
    "seconds": 1.0,
}


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder; `runs/` holds four runs, the last of them made last, and other things."""
    monkeypatch.chdir(tmp_path)
    config = load_run_config("quickstart", {"search.budgets": {"latency": "3 ms"}}).to_yaml()
    files = {
        "begun": {},
        "trained": {"supernet.safetensors": ""},
        "set/searched": {"supernet.safetensors": "", "run.sqlite": "", "front.csv": "accuracy\n"},
        "exported": {"front.csv": "accuracy\n", "summary.json": json.dumps(SUMMARY)},
    }
    for age, (name, contents) in enumerate(files.items()):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        for file, content in {"config.yaml": config, ".lock": "", **contents}.items():
            (folder / file).write_text(content)
            os.utime(folder / file, (1000 + age, 1000 + age))
    (tmp_path / "runs/exported/export/winner").mkdir(parents=True)
    (tmp_path / "runs/notes").mkdir()
    (tmp_path / "runs/notes/config.yaml").write_text("not: a run\n")
    return tmp_path


def test_runs_are_listed_with_their_state_the_newest_first(runs: Path, terminal: Terminal) -> None:
    del runs
    found = terminal("runs", "--json").document["runs"]
    assert [(row["folder"], row["state"]) for row in found] == [
        ("runs/exported", "exported"),
        ("runs/set/searched", "searched"),
        ("runs/trained", "trained"),
        ("runs/begun", "begun"),
    ]
    first = found[0]
    assert (first["accuracy"], first["measured_ms"], first["device"]) == (91.25, 2.5, "pi")
    assert first["budgets"] == {"latency": "3 ms"}
    assert (first["images"], first["changed"]) == ("digits", "1970-01-01T00:16:43Z")
    assert found[1]["accuracy"] is None


def test_the_table_says_it_in_a_line_a_run(runs: Path, terminal: Terminal) -> None:
    del runs
    answer = terminal("runs", "runs/exported")
    line = next(line for line in answer.stdout.splitlines() if "91.25 %" in line)
    for words in ("runs/exported", "latency=3 ms", "2.5", " days", "digits", "pi"):
        assert words in line


def test_a_folder_of_another_user_is_passed_over(
    runs: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    (runs / "runs/lost+found").mkdir()
    listed = Path.iterdir

    def iterdir(path: Path) -> Any:
        if path.name == "lost+found":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    assert len(terminal("runs", "--json").document["runs"]) == 4


def test_the_newest_run_that_can_go_on_says_how(runs: Path, terminal: Terminal) -> None:
    del runs
    assert next_of(terminal("runs").stderr) == "hwnas report runs/exported"
    assert next_of(terminal("runs", "runs/set").stderr) == "hwnas export runs/set/searched"
    trained = next_of(terminal("runs", "runs/trained").stderr)
    assert trained == "hwnas search runs/trained/config.yaml --run runs/trained"
    begun = next_of(terminal("runs", "runs/begun").stderr)
    assert begun == "hwnas train runs/begun/config.yaml --run runs/begun"


def test_a_damaged_run_is_a_row_that_says_so(runs: Path, terminal: Terminal) -> None:
    (runs / "runs/exported/summary.json").write_text("{")
    (runs / "runs/begun/config.yaml").write_text("space: [\n")
    answer = terminal("runs", "--json")
    assert answer.code == 0
    rows = {row["folder"]: row for row in answer.document["runs"]}
    assert rows["runs/exported"]["state"] == rows["runs/begun"]["state"] == "damaged"
    assert "summary.json is damaged" in rows["runs/exported"]["problem"]
    assert "warning: runs/begun is damaged: " in answer.stderr
    assert rows["runs/trained"]["state"] == "trained"


def test_a_run_in_use_and_one_that_was_searched_again_are_called_so(
    runs: Path, terminal: Terminal
) -> None:
    (runs / "runs/exported/export/winner/STALE.txt").write_text("stale\n")
    with locked(runs / "runs/trained/.lock", error=RunError, busy="busy"):
        rows = terminal("runs", "--json").document["runs"]
    states = {row["folder"]: row["state"] for row in rows}
    assert states["runs/exported"] == "stale"
    assert states["runs/trained"] == "in use"


def test_without_runs_the_command_that_makes_one_is_named(
    tmp_path: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = terminal("runs", "--json")
    assert (answer.code, answer.document) == (0, {"runs": []})
    assert "no runs in runs; 'hwnas quickstart' makes one" in answer.stderr


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path, terminal: Terminal) -> None:
    assert_refused(terminal, tmp_path, "runs nowhere", "there is no folder nowhere; name one")
