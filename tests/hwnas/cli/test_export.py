"""A network that measures over the budget is no winner."""

import json
from pathlib import Path

import onnx
import pytest

from hwnas.cli import stages
from hwnas.data import load_dataset
from hwnas.export.verification import onnx_accuracy
from hwnas.runs import exporting, on_device
from latency.visits import Summary
from tests.hwnas.cli.conftest import Terminal


@pytest.fixture
def searched(folder: Path, terminal: Terminal) -> Path:
    for verb in ("profile", "train", "search"):
        assert terminal(verb, "tiny.yaml", "--set", "search.budgets={latency: 1 ms}").code == 0
    return folder


def timings(*milliseconds: float):
    """Stands for a device on which the exported winner takes these times, one after another."""
    left = list(milliseconds)

    def measure(device, models, schedule, progress=None, **_):
        del device, schedule, progress
        values = dict.fromkeys(models, 0.5)  # while the front is screened, before a training
        if "winner" in models:
            values |= {"winner": left.pop(0), "reference": 2.0}
        return {name: Summary(1, 1, 0, *[value] * 5) for name, value in values.items()}

    return measure


def test_a_winner_over_the_budget_makes_way_for_the_next(
    searched: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_device, "measure_models", timings(1.02, 0.9))
    answer = terminal("export", "runs/tiny", "--json")
    assert answer.code == 0, answer.stderr
    assert answer.stderr.count("no winner: a network of") == 1
    assert "measures 1.02 ms exported, over the budget of 1 ms; trying" in answer.stderr
    summary = answer.document
    assert summary["measured_ms"] == 0.9
    assert [rejected["measured_ms"] for rejected in summary["rejected"]] == [1.02]
    assert summary["predicted_ms"] != summary["rejected"][0]["predicted_ms"]
    assert (searched / "runs/tiny/export/winner/verification.json").is_file()


def test_when_no_network_keeps_the_budget_nothing_is_called_a_winner(
    searched: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_device, "measure_models", timings(*[1.02] * 20))
    answer = terminal("export", "runs/tiny")
    assert answer.code == 2
    assert "networks of the front measured within 1 ms" in answer.stderr
    assert not (searched / "runs/tiny/export/winner").exists()
    assert not (searched / "runs/tiny/summary.json").exists()


def test_a_front_that_is_too_slow_when_screened_is_tried_to_its_end(
    searched: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(device, models, schedule, progress=None, **_):
        del device, schedule, progress
        return {name: Summary(1, 1, 0, *[1.5] * 5) for name in models}

    monkeypatch.setattr(on_device, "measure_models", slow)
    monkeypatch.setattr(exporting, "SCREENED", 1)
    answer = terminal("export", "runs/tiny")
    front = (searched / "runs/tiny/front.csv").read_text().count("\n") - 1
    assert answer.code == 2
    assert answer.stderr.count("measures 1.5 ms untrained, over the budget") == front > 1


def test_a_search_that_has_not_ended_is_not_exported(searched: Path, terminal: Terminal) -> None:
    config = searched / "runs/tiny/config.yaml"
    config.write_text(config.read_text().replace("1 ms", "0.9 ms"))
    for words in (["export", "runs/tiny"], ["report", "runs/tiny"]):
        answer = terminal(*words)
        assert answer.code == 2
        assert "the search of runs/tiny has not ended with its present settings" in answer.stderr


def test_a_run_for_an_int8_device_ends_with_an_int8_file(
    folder: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "LOST", -100.0)
    with (folder / "tiny.yaml").open("a") as file:
        file.write("device: local_cpu_int8\n")
    for verb in ("profile", "train", "search"):
        assert terminal(verb, "tiny.yaml").code == 0
    answer = terminal("export", "runs/tiny", "--json")
    assert answer.code == 0, answer.stderr
    assert "warning: int8 costs " in answer.stderr
    for name in ("winner", "reference"):
        export = folder / "runs/tiny/export" / name
        nodes = {node.op_type for node in onnx.load(export / "model.onnx").graph.node}
        assert {"QuantizeLinear", "DequantizeLinear"} <= nodes
        verification = json.loads((export / "verification.json").read_text())
        assert verification["precision"] == "int8"
        assert verification["onnx_max_abs_diff"] <= 1e-4  # of the fp32 file
        test = load_dataset("digits", resolution=16, limit=300).test
        accurate = onnx_accuracy((export / "model.onnx").read_bytes(), test, batch=1)
        assert verification["accuracy"]["test_onnx"] == accurate  # of the int8 file
    assert answer.document["reference_accuracy"] == verification["accuracy"]["test_onnx"]
    shown = terminal("table", "show", "table.sqlite", "--json").document
    assert shown["provenance"]["precision"] == "int8"
