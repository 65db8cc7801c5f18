"""A network that measures over the budget is no winner."""

import json
from pathlib import Path

import onnx
import pytest

from hwnas.data import load_dataset
from hwnas.export.verification import onnx_answers
from hwnas.latency.process_cost import CostSchedule
from hwnas.runs import best_of_front, status_costs
from hwnas.runs.status_form import read_status
from tests.hwnas.cli.conftest import Once, Terminal, assert_refused
from tests.hwnas.runs.simulated_device import no_training, simulated_device


@pytest.fixture
def searched(trained: Path, terminal: Terminal, once: Once) -> Path:
    def make() -> None:
        budgets = "search.budgets={latency: 1 ms}"
        assert terminal("search", "tiny.yaml", "--set", budgets).code == 0

    once("searched", make)
    return trained


def test_a_winner_over_the_budget_makes_way_for_the_next(
    searched: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = {"screened": [0.5], "winner": [1.02, 1.02, 0.9], "untrained": [1.03]}
    simulated_device(monkeypatch, over)
    answer = terminal("export", "runs/tiny", "--json", "--patience", "0")
    assert answer.code == 0, answer.stderr
    assert answer.stderr.count("no winner: a network of") == 1
    assert "measures 1.02 ms exported, over the budget of 1 ms; trying" in answer.stderr
    summary = answer.document
    assert summary["winner"]["measured_ms"] == pytest.approx(0.9)
    assert [rejected["measured"] for rejected in summary["rejected"]] == [pytest.approx(1.02)]
    assert summary["winner"]["predicted_ms"] != summary["rejected"][0]["predicted"]
    assert summary["doubtful"] == []
    assert (searched / "runs/tiny/export/winner/verification.json").is_file()


def test_a_reading_that_contradicts_the_one_before_the_training_condemns_nothing(
    searched: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated_device(monkeypatch, {"screened": [0.8], "winner": [1.3, 1.3], "untrained": [0.8]})
    answer = terminal("export", "runs/tiny", "--json", "--patience", "0")
    assert answer.code == 0, answer.stderr
    (doubt,) = answer.document["doubtful"]
    assert "1.3 ms now, 0.8 ms before its training, and the budget is 1 ms" in doubt
    assert "'hwnas export runs/tiny' measures it again without training it" in answer.stderr
    assert answer.document["rejected"] == []
    winner = searched / "runs/tiny/export/winner"
    latency = json.loads((winner / "verification.json").read_text())["latency"]
    assert latency["doubtful"] == doubt
    assert latency["untrained_ms"] == pytest.approx(0.8)

    simulated_device(monkeypatch, {"screened": [0.8], "winner": [1.3, 0.81], "untrained": [0.8]})
    monkeypatch.setattr("hwnas.runs.trainings.with_loss", no_training)
    again = terminal("export", "runs/tiny", "--json", "--patience", "0")
    assert again.document["doubtful"] == []
    assert again.document["winner"]["measured_ms"] == pytest.approx(0.81)


def test_when_no_network_keeps_the_budget_nothing_is_called_a_winner(
    searched: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated_device(monkeypatch, {"screened": [0.5], "winner": [1.02], "untrained": [1.02]})
    answer = terminal("export", "runs/tiny", "--patience", "0")
    assert answer.code == 2
    assert "networks of the front measured within 1 ms" in answer.stderr
    assert not (searched / "runs/tiny/export/winner").exists()
    assert not (searched / "runs/tiny/summary.json").exists()


def test_a_front_that_is_too_slow_when_screened_is_tried_to_its_end(
    searched: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated_device(monkeypatch, {"screened": [1.5]})
    monkeypatch.setattr(best_of_front, "SCREENED", 1)
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
    profiled_int8: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = profiled_int8
    for command in ("train", "search"):
        assert terminal(command, "tiny.yaml").code == 0
    monkeypatch.setattr(
        "hwnas.runs.export_stage.conversion_doubts",
        lambda exported, *others: [f"{exported.folder.name} {others}"],
    )
    answer = terminal("export", "runs/tiny", "--json")
    assert answer.code == 0, answer.stderr
    assert "warning: winner ('int8', 0.5)" in answer.stderr
    for name in ("winner", "reference"):
        export = folder / "runs/tiny/export" / name
        nodes = {node.op_type for node in onnx.load(export / "model.onnx").graph.node}
        assert {"QuantizeLinear", "DequantizeLinear"} <= nodes
        verification = json.loads((export / "verification.json").read_text())
        assert verification["precision"] == "int8"
        assert verification["int8"]["chosen"]
        assert verification["onnx_max_abs_diff"] <= 1e-4  # of the fp32 file
        test = load_dataset("digits", resolution=16, limit=300).test
        right = onnx_answers((export / "model.onnx").read_bytes(), test, batch=1).right
        assert verification["accuracy"]["test_onnx"] == 100 * right.mean()  # of the int8 file
    assert answer.document["reference"]["accuracy"] == verification["accuracy"]["test_onnx"]
    shown = terminal("table", "show", "table.sqlite", "--json").document
    assert shown["provenance"]["precision"] == "int8"


def test_a_winner_in_several_formats_and_precisions_is_one_table(
    searched: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated_device(monkeypatch, {"screened": [0.5], "winner": [0.9]})
    few = CostSchedule(processes=1, least_runs=3, least_ms=0)
    monkeypatch.setattr(status_costs, "SCHEDULE", few)
    words = ("--format", "onnx,tensorrt", "--format", "ort", "--precision", "fp32,int8")
    answer = terminal("export", "runs/tiny", "--json", *words)
    assert answer.code == 0, answer.stderr
    winner = searched / "runs/tiny/export/winner"
    status = read_status(winner)
    assert status is not None
    assert answer.document["status"] == {"winner": status.model_dump(mode="json")}
    names = [
        f"{name} {precision}"
        for name in ("onnx", "tensorrt", "ort")
        for precision in ("fp32", "int8")
    ]
    assert [row.name for row in status.rows] == names
    for row in status.rows:
        if row.format == "tensorrt":
            assert not row.built
            assert row.reason is not None
            assert "local_cpu has 'runtime: onnxruntime'" in row.reason
            continue
        assert row.verified, row.reason
        assert row.file == f"model.{row.precision}.{row.format}"
        assert (winner / row.file).stat().st_size == row.size_bytes
        assert row.p50_ms is not None
        assert row.load_ms is not None
        assert row.accuracy is not None
    assert status.rows[0].max_abs_diff is not None
    assert status.rows[0].max_abs_diff < 1e-4
    assert (winner / "model.fp32.onnx").read_bytes() == (winner / "model.onnx").read_bytes()

    text = terminal("export", "runs/tiny")  # an export that asks for none has none
    assert text.code == 0
    assert not {"status.json", "model.int8.onnx", "model.fp32.ort"} & {
        path.name for path in winner.iterdir()
    }


def test_an_unknown_format_is_refused_before_anything_is_trained(
    searched: Path, terminal: Terminal
) -> None:
    for words, sentence in (
        ("--format onxx", "there is no format 'onxx'; did you mean 'onnx'? (known: onnx, ort, "),
        ("--precision int4", "there is no precision 'int4'; did you mean 'int8'?"),
    ):
        assert_refused(terminal, searched, f"export runs/tiny {words}", sentence)
