"""One winner for two devices: measured on both, in the precision of each."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from safetensors.torch import save

from hwnas.cli.output import Output
from hwnas.data import load_dataset, to_input
from hwnas.export.int8.quantised import QuantisedFile, quantised
from hwnas.export.verification import onnx_answers
from hwnas.latency.table import LatencyTable
from hwnas.networks.blocks import Network
from hwnas.networks.modules import NetworkModule
from hwnas.runs.config import load_run_config
from hwnas.runs.experiment import Experiment
from hwnas.runs.latencies import scope_of
from hwnas.runs.profile_stage import profile_further
from tests.hwnas.cli.conftest import Terminal
from tests.hwnas.runs.simulated_device import simulated_device

WINNER = "runs/tiny/export/winner"
BUDGETS = "search.budgets={latency: 1 s, latency@phone.yaml: 900 ms}"


@pytest.fixture
def searched(profiled_int8: Path, terminal: Terminal) -> Path:
    """A run for this machine in int8, with a budget on a further device of fp32."""
    folder = profiled_int8
    (folder / "phone.yaml").write_text("name: phone\nprecision: fp32\n")
    config = folder / "tiny.yaml"
    few = "search:\n  {budgets: {latency: 1 s}, evaluations: 4, searchers: [random]}\n"
    start, _, rest = config.read_text().partition("search:\n")
    config.write_text(start + few + rest.partition("\n")[2])
    for words in (
        ("profile", "tiny.yaml", "--device", "phone.yaml"),
        ("train", "tiny.yaml"),
        ("search", "tiny.yaml", "--set", BUDGETS),
    ):
        answer = terminal(*words)
        assert answer.code == 0, answer.stderr
    return folder


def convert_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the same weights converted to int8 once, however often they are exported."""
    known: dict[tuple[Network, bytes], QuantisedFile] = {}

    def once(network: Network, module: NetworkModule, *others: Any, **named: Any) -> QuantisedFile:
        key = (network, save(module.state_dict()))
        if key not in known:
            known[key] = quantised(network, module, *others, **named)
        return known[key]

    monkeypatch.setattr("hwnas.export.for_device.quantised", once)


def test_a_winner_for_two_devices_is_measured_on_both_in_the_precision_of_each(
    searched: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert_once(monkeypatch)
    answer = terminal("export", "runs/tiny", "--patience", "0")
    assert answer.code == 0, answer.stderr
    assert answer.stderr.splitlines()[-1].startswith("next: hwnas report runs/tiny  # ")
    for row in (
        "latency, measured, int8",
        "latency, measured, fp32",
        "accuracy on test images, int8",
        "accuracy on test images, fp32",
        "latency on phone.yaml, measured",
        "accuracy for phone.yaml, fp32",
    ):
        assert row in answer.stdout
    winner = searched / WINNER
    verification = json.loads((winner / "verification.json").read_text())
    further = verification["further_devices"]["phone.yaml"]
    assert (further["file"], further["precision"]) == ("model@phone.onnx", "fp32")
    assert 0 < further["measured_ms"] < further["budget_ms"] == 900
    assert verification["fp32"]["measured_ms"] > 0
    summary = json.loads((searched / "runs/tiny/summary.json").read_text())
    assert summary["winner"]["further"]["phone.yaml"]["measured_ms"] == further["measured_ms"]
    assert summary["reference"]["further"]["phone.yaml"]["measured_ms"] > 0
    operators = {
        name: {node.op_type for node in onnx.load(winner / name).graph.node}
        for name in ("model.onnx", "model.fp32.onnx", "model@phone.onnx", "model.dynamic.onnx")
    }
    assert {n for n, found in operators.items() if "QuantizeLinear" in found} == {
        "model.onnx",
        "model.dynamic.onnx",
    }
    assert set(verification["sha256"]) >= set(operators)
    test = load_dataset("digits", resolution=16, limit=300).test
    right = onnx_answers((winner / "model.fp32.onnx").read_bytes(), test, batch=1).right
    accurate = 100 * float(right.mean())
    assert summary["winner"]["fp32"]["accuracy"] == verification["fp32"]["accuracy"] == accurate
    session = onnxruntime.InferenceSession(winner / "model.dynamic.onnx")
    logits = session.run(None, {"input": to_input(test.images).contiguous().numpy()})[0]
    correct = 100 * float((np.asarray(logits).argmax(1) == test.labels).mean())
    assert correct == pytest.approx(verification["accuracy"]["test_onnx"], abs=5)

    _refused_over_the_budget_of_the_further_device(terminal, monkeypatch)
    (searched / "phone.yaml").write_text("name: phone\npython: /nowhere/python3\n")
    simulated_device(monkeypatch, {})
    away = terminal("export", "runs/tiny", "--patience", "0")
    assert away.code == 0, away.stderr
    assert "phone.yaml: predicted only: " in away.stderr
    assert "predicted only" in away.stdout
    further = json.loads((winner / "verification.json").read_text())["further_devices"]
    assert further["phone.yaml"]["measured_ms"] is None
    assert "/nowhere/python3" in further["phone.yaml"]["not_measured"]
    assert (winner / "model@phone.onnx").is_file()


def _refused_over_the_budget_of_the_further_device(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = {"screened@phone": [950.0], "screened": [1.0], "winner": [1.0]}
    with monkeypatch.context() as simulated:
        simulated_device(simulated, slow)
        over = terminal("export", "runs/tiny", "--patience", "0")
    assert over.code == 2
    assert "measures 950 ms on phone.yaml untrained, over the budget of 900 ms" in over.stderr
    assert "measured within 1000 ms and 900 ms on phone.yaml" in over.stderr
    slow |= {"screened@phone": [1.0], "winner@phone": [950.0], "untrained@phone": [950.0]}
    with monkeypatch.context() as simulated:
        simulated_device(simulated, slow)
        over = terminal("export", "runs/tiny", "--patience", "0")
    assert over.code == 2
    assert "measures 950 ms on phone.yaml exported, over the budget of 900 ms" in over.stderr


@pytest.mark.usefixtures("little")
def test_a_quick_start_profiles_every_device_that_a_budget_names(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "phone.yaml").write_text("name: phone\n")
    (folder / "npu.yaml").write_text("name: npu\ntransport: imported\n")
    budgets = {"latency": "1 s", "latency@phone.yaml": "1 s", "latency@npu.yaml": "1 s"}
    experiment = Experiment(load_run_config("tiny.yaml", {"search.budgets": budgets}))
    profile_further(experiment, Output(as_json=False))
    with LatencyTable.existing(folder / "tables/phone.sqlite") as table:
        assert scope_of(experiment.space) in table.models()
    assert "measuring tiny on phone" in capsys.readouterr().err
    profile_further(experiment, Output(as_json=False))
    assert capsys.readouterr() == ("", "")
