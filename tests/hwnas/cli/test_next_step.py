"""Every command says what to type next, and `hwnas` alone says the order."""

import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from hwnas.cli.main import app, main
from hwnas.cli.next_step import ORDER, TRY_OUT
from hwnas.spaces import load_space
from tests.hwnas.cli.conftest import Terminal, add_training
from tests.hwnas.cli.test_accuracies_of_a_csv import CONFIG, write_csv
from tests.hwnas.search.problems import every_architecture


def next_of(stderr: str) -> str:
    """The command of the last line."""
    last = stderr.splitlines()[-1]
    found = re.fullmatch(r"next: (hwnas .+?)  # \S.*", last)
    assert found is not None, last
    return found[1]


@pytest.fixture
def known(npu: Path) -> Path:
    """The working folder with `known.yaml`, whose accuracies come from a file, for `npu.yaml`."""
    (npu / "known.yaml").write_text(CONFIG)
    write_csv(npu / "known.csv", every_architecture(load_space("tiny_space.yaml")))
    return npu


def test_a_search_is_followed_by_the_export_or_the_report(known: Path, terminal: Terminal) -> None:
    assert next_of(terminal("search", "known.yaml").stderr) == "hwnas report runs/known"
    reported = terminal("report", "runs/known")
    assert next_of(reported.stderr) == (
        "hwnas search runs/known/config.yaml --run runs/known --budget 'latency=…'"
    )
    add_training(known)
    searched = terminal("search", "known.yaml", "--run", "runs/with training")
    assert next_of(searched.stderr) == "hwnas export 'runs/with training'"
    reported = terminal("report", "runs/with training")
    assert next_of(reported.stderr) == "hwnas export 'runs/with training'"


@pytest.mark.usefixtures("npu")
def test_a_training_is_followed_by_what_the_search_still_waits_for(terminal: Terminal) -> None:
    shared = ["--set", "data.limit=60", "--set", "train.epochs=1"]
    words = [*shared, "--set", "table=none.sqlite"]
    trained = terminal("train", "tiny.yaml", "--run", "runs/a b", *words)
    assert trained.code == 0, trained.stderr
    assert shlex.split(next_of(trained.stderr)) == ["hwnas", "profile", "tiny.yaml", *words]
    shared += ["--set", "device=npu.yaml", "--set", "table=table.sqlite"]
    trained = terminal("train", "tiny.yaml", "--run", "runs/npu", *shared)
    assert trained.code == 0, trained.stderr
    following = shlex.split(next_of(trained.stderr))
    assert following == ["hwnas", "search", "tiny.yaml", "--run", "runs/npu", *shared]
    assert terminal(*following[1:]).code == 0


def test_machines_are_told_nothing(known: Path, terminal: Terminal) -> None:
    del known
    assert "next:" not in terminal("search", "known.yaml", "--json").stderr


@pytest.mark.parametrize(
    ("words", "following"),
    [
        ("devices list", "hwnas devices add"),
        ("devices show local_cpu", "hwnas devices check local_cpu"),
        ("devices add far --no-check", "hwnas devices check far"),
        ("space show ./tiny_space.yaml", "hwnas profile --space ./tiny_space.yaml"),
        (
            "space show nas_bench_macro --resolution 16,32",
            "hwnas profile --space nas_bench_macro --resolution 16,32",
        ),
        ("table show table.sqlite", "hwnas table validate table.sqlite"),
        ("table export table.sqlite a.json", "hwnas table import a.json TABLE.sqlite"),
        ("table diff table.sqlite table.sqlite", "hwnas table validate table.sqlite"),
    ],
)
def test_what_only_shows_names_what_to_do_with_it(
    npu: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, words: str, following: str
) -> None:
    monkeypatch.setenv("HWNAS_CONFIG", str(npu / "config"))
    answer = terminal(*words.split())
    assert answer.code == 0, answer.stderr
    assert next_of(answer.stderr) == following


def test_without_a_command_the_order_of_the_work_is_shown(terminal: Terminal) -> None:
    answer = terminal()
    assert answer.code == 2
    places = [answer.stdout.index(f"  {step.command} ") for step in ORDER]
    assert places == sorted(places)
    assert TRY_OUT.command in answer.stdout
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert {step.command.split()[1] for step in (*ORDER, TRY_OUT)} <= {*commands}


def completed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str
) -> list[str]:
    """What bash is told of a line that ends where the cursor is."""
    monkeypatch.setenv("_HWNAS_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
    monkeypatch.setattr(sys, "argv", ["hwnas"])
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main()
    return capsys.readouterr().out.split()


def test_a_shell_completes_commands_configs_devices_and_runs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "runs/mine").mkdir(parents=True)
    (folder / "runs/mine/config.yaml").write_text("")
    for line, found in (
        ("hwnas pro", ["profile"]),
        ("hwnas train ti", ["tiny.yaml", "tiny_space.yaml"]),
        ("hwnas train pret", ["pretrained"]),
        ("hwnas profile --device local_cpu_i", ["local_cpu_int8"]),
        ("hwnas profile --space nas", ["nas_bench_macro"]),
        ("hwnas export r", ["runs/mine"]),
        ("hwnas report runs/mi", ["runs/mine"]),
    ):
        assert completed(monkeypatch, capsys, line) == found, line


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A person's home; the shell is named, since a test has none."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    (tmp_path / "home").mkdir()
    yield tmp_path / "home"
    os.environ.pop("_HWNAS_COMPLETE", None)


def test_completion_is_installed_for_a_shell(home: Path, terminal: Terminal) -> None:
    shown = terminal("--show-completion", "bash")
    assert (shown.code, "_HWNAS_COMPLETE=complete_bash" in shown.stdout) == (0, True)
    installed = terminal("--install-completion", "bash")
    assert installed.code == 0, installed.stderr
    assert "hwnas.sh" in (home / ".bashrc").read_text()
