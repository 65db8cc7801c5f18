"""`hwnas benchmark`: own and foreign models side by side, and what the table answers."""

from pathlib import Path

import onnx
import pytest

from hwnas.latency import foreign
from hwnas.latency.foreign import Measured
from hwnas.latency.schedule import Schedule
from hwnas.latency.visits import LatencySummary
from hwnas.objectives.costs import MACS, PARAMETERS
from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.hwnas.cli.test_next_step import next_of
from tests.hwnas.export.made_export import NETWORK, make_export
from tests.latency.onnx_models import convolution

FIGURES = {"run": (1.0, 0.01), "theirs.onnx": (1.25, 0.02), "same.onnx": (1.02, 0.03)}
"""ms and noise of each file."""


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: a run's winner, and a model from elsewhere; a schedule of a second."""
    monkeypatch.chdir(tmp_path)
    quick = Schedule(sessions=2, most_sessions=2, rounds=1, least_runs=2, least_ms=0.0)
    monkeypatch.setattr(foreign, "Schedule", lambda: quick)
    make_export(tmp_path / "run/export/winner")
    onnx.save(convolution(), tmp_path / "theirs.onnx")
    onnx.save(convolution([1, 3, 8, 8]), tmp_path / "same.onnx")
    return tmp_path


@pytest.fixture
def known(models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, where what is measured is known."""

    def measure(device: object, contents: dict[str, bytes], progress: object) -> object:
        del device, progress
        found = {}
        for name in contents:
            ms, noise = FIGURES[name]
            summary = LatencySummary(8, 4, 0, ms, ms, ms, ms, ms, 2 * ms)
            found[name] = Measured(summary, noise, 0.0, [])
        return found

    monkeypatch.setattr(foreign, "measure_several", measure)
    return models


def test_own_and_foreign_files_are_measured_in_one_table(models: Path, terminal: Terminal) -> None:
    del models
    words = ("benchmark", "run", "theirs.onnx", "--shape", "input=1x3x16x16")
    answer = terminal(*words, "--json")
    assert answer.code == 0, answer.stderr
    own, theirs = answer.document["models"]
    assert own["file"] == "run/export/winner/model.onnx"
    assert own["macs"] == MACS.evaluate([NETWORK])[0]
    assert own["parameters"] == PARAMETERS.evaluate([NETWORK])[0]
    assert own["ratio"] == 1.0
    assert "macs" not in theirs
    assert theirs["ratio"] == theirs["summary"]["ms"] / own["summary"]["ms"]
    assert theirs["summary"]["median"] <= theirs["summary"]["p99"]
    assert theirs["bytes"] > 0
    assert "measuring 2 files on local_cpu: 4 of 4 visits" in answer.stderr


def test_a_line_says_which_is_slower_and_where_that_is_not_known(
    known: Path, terminal: Terminal
) -> None:
    del known
    shape = ("--shape", "input=1x3x16x16")
    answer = terminal("benchmark", "run", "theirs.onnx", *shape)
    assert "theirs.onnx takes 25.0% more time than run" in answer.stdout
    answer = terminal("benchmark", "run", "same.onnx")
    assert "same.onnx takes as long as run, as far as measuring tells (within 3.0%)" in (
        answer.stdout
    )
    assert "± 3.0 %" in answer.stdout
    assert next_of(answer.stderr) == "hwnas predict run IMAGE"
    assert next_of(terminal("benchmark", "same.onnx").stderr) == "hwnas init"


def test_a_budget_marks_what_is_over_it(known: Path, terminal: Terminal) -> None:
    del known
    words = ("benchmark", "run", "theirs.onnx", "--shape", "input=1x3x16x16", "--budget", "1 ms")
    answer = terminal(*words)
    assert answer.code == 1
    assert "25.0 % over" in answer.stdout
    assert "within" in answer.stdout
    rows = terminal(*words, "--json").document["models"]
    assert [row["within_budget"] for row in rows] == [True, False]
    assert terminal("benchmark", "run", "--budget", "1 ms").code == 0
    assert terminal("benchmark", "run", "--budget", "latency=1 ms").code == 0


def test_a_budget_is_an_amount(known: Path, terminal: Terminal) -> None:
    del known
    answer = terminal("benchmark", "run", "--budget", "80 % of reference")
    assert answer.code == 2
    assert "there is no reference here; write an amount, as '12 ms'" in answer.stderr


def test_a_changed_file_of_an_export_is_not_taken_for_its_network(
    known: Path, terminal: Terminal
) -> None:
    onnx.save(convolution([1, 3, 8, 8]), known / "run/export/winner/model.onnx")
    assert "macs" not in terminal("benchmark", "run", "--json").document["models"][0]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("nothing.onnx", "there is no file nothing.onnx"),
        ("run run", "run is named twice; name it once"),
        (".", ". is no exported network"),
        ("run/export/winner/config.json", "an ONNX model; name model.onnx beside it"),
        ("theirs.onnx", "input is [batch, 3, height, width]; say what to measure"),
        ("run --budget 5", "the latency budget '5' has no unit"),
        ("run --device phone", "there is no device named 'phone'"),
        ("", "the argument FILE... is missing"),
    ],
)
def test_wrong_input_is_one_sentence(
    models: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    assert_refused(terminal, models, f"benchmark {words}", sentence)
