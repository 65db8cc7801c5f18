"""`hwnas status`: how far the search of a run is."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from hwnas.core.errors import RunError
from hwnas.core.lock import locked
from hwnas.runs.config import load_run_config
from hwnas.runs.search_state import SearcherState, SearchState, write_state
from hwnas.search.executors.executor import WorkerState
from tests.hwnas.cli.conftest import Terminal, assert_refused

SEARCHERS = (SearcherState("layernas", 100, 100), SearcherState("evolution", 20, 100))
# A state is as old as the machine was busy meanwhile: one of the future is of just now.
SOON_S = 3600.0
STATE = SearchState(
    time.time() + SOON_S, 1800.0, 120, SEARCHERS, 3, 1, 83.25, 2.3456, "accuracy (%)", "evolution",
    (WorkerState("worker 1", "pi", "1 0 2", 12.0), WorkerState("worker 2", "pi", "", 1.0)),
)  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run folder that nothing was searched in."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mine"
    folder.mkdir()
    config = load_run_config("quickstart", {"search.budgets": {"latency": "3 ms"}})
    (folder / "config.yaml").write_text(config.to_yaml())
    (folder / ".lock").write_text("")
    return folder


def test_a_running_search_is_shown_with_its_workers(run: Path, terminal: Terminal) -> None:
    write_state(replace(STATE, written=time.time() + SOON_S), run)
    with locked(run / ".lock", error=RunError, busy=""):
        lines = terminal("status", "mine").stdout.splitlines()
    assert lines[0] == "mine: searching for 30 min, as of 0 s ago"
    assert lines[1:] == [
        "  layernas: 100 of 100 networks",
        "  evolution: 20 of 100 networks",
        "  120 evaluated, 240 an hour, at most 20 min left",
        "  best so far: accuracy (%) 83.25 at 2.346 ms",
        "  3 trainings stopped early",
        "  1 evaluations failed",
        "  worker 1 on pi: 1 0 2, for 12 s",
        "  worker 2 on pi: waits",
    ]


def test_a_stopped_search_is_told_from_a_running_one(run: Path, terminal: Terminal) -> None:
    write_state(replace(STATE, written=time.time() - 7200, workers=()), run)
    lines = terminal("status", "mine").stdout.splitlines()
    assert lines[0] == "mine: the search stopped 2.0 h ago; run it again to resume"
    assert "left" not in "".join(lines)


def test_a_run_without_a_search_says_so(run: Path, terminal: Terminal) -> None:
    assert run.is_dir()
    assert terminal("status", "mine").stdout == "mine: begun; no search is under way\n"


Scenes = Callable[..., None]


@pytest.fixture
def scenes(run: Path, monkeypatch: pytest.MonkeyPatch) -> Scenes:
    """What happens between one look at a run and the next; the run is in use from the start."""

    def play(*scenes: Callable[[], object]) -> None:
        left = iter(scenes)
        monkeypatch.setattr(
            "hwnas.cli.status.time",
            SimpleNamespace(sleep=lambda _: next(left)(), time=time.time, monotonic=lambda: 0.0),
        )

    assert run
    return play


def test_watching_waits_for_a_search_to_begin_and_to_end(
    run: Path, terminal: Terminal, scenes: Scenes
) -> None:
    with ExitStack() as used:
        used.enter_context(locked(run / ".lock", error=RunError, busy=""))
        scenes(
            lambda: write_state(replace(STATE, written=time.time() + SOON_S), run),
            lambda: write_state(replace(STATE, written=time.time() + SOON_S, evaluated=121), run),
            lambda: (run / "search.json").unlink(),
            used.close,
        )
        typed = terminal("status", "mine", "--watch", "--json")
    assert typed.stderr == ""
    documents = [json.loads(line) for line in typed.stdout.splitlines()]
    assert [one["state"] for one in documents] == [*["in use"] * 4, "begun"]
    assert [one["searching"] for one in documents] == [False, True, True, False, False]
    evaluated = [one["search"] and one["search"]["evaluated"] for one in documents]
    assert evaluated == [None, 120, 121, None, None]


def test_watching_in_a_log_says_what_it_waits_for_and_how_it_ended(
    run: Path, terminal: Terminal, scenes: Scenes
) -> None:
    with ExitStack() as used:
        used.enter_context(locked(run / ".lock", error=RunError, busy=""))
        scenes(lambda: write_state(replace(STATE, written=time.time() + SOON_S), run), used.close)
        lines = terminal("status", "mine", "--watch").stdout.splitlines()
    assert lines[:2] == [
        "mine: in use; images or weights are being read, or another command is at work",
        "mine: the search stopped 0 s ago; run it again to resume",
    ]


def test_what_an_earlier_search_has_left_is_not_taken_for_a_running_one(
    run: Path, terminal: Terminal
) -> None:
    write_state(replace(STATE, written=time.time() - 7200), run)
    with locked(run / ".lock", error=RunError, busy=""):
        lines = terminal("status", "mine").stdout.splitlines()
        assert terminal("status", "mine", "--json").document["searching"] is False
    assert lines[0] == "mine: in use; the last word of its search is of 2.0 h ago"
    assert "worker" not in "".join(lines)


def test_watching_ends_where_nothing_is_searching(run: Path, terminal: Terminal) -> None:
    write_state(STATE, run)
    assert "the search stopped" in terminal("status", "mine", "--watch").stdout


def test_the_document_has_the_state(run: Path, terminal: Terminal) -> None:
    write_state(STATE, run)
    document = terminal("status", "mine", "--json").document
    assert document["searching"] is False
    search = document["search"]
    assert (search["per_hour"], search["seconds_left"]) == (240.0, 1200.0)
    assert search["searchers"][1] == {"name": "evolution", "done": 20, "limit": 100}


def test_a_damaged_state_and_a_folder_that_is_no_run_are_told(
    run: Path, terminal: Terminal
) -> None:
    (run / "search.json").write_text(json.dumps({"written": "now"}))
    typed = terminal("status", "mine")
    assert typed.code == 2
    assert "search.json is damaged; remove it, nothing depends on it" in typed.stderr
    assert_refused(terminal, run, "status nowhere", "nowhere is not a run folder")
