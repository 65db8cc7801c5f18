"""From a profile on a GPU to the engine that is shipped, on a simulated GPU that computes."""

import json
import sys
from pathlib import Path

import pytest

from hwnas.latency.schedule import Schedule
from tests.devices.runtimes.computing_trt import ComputingTrt
from tests.devices.runtimes.conftest import gpu as gpu
from tests.devices.runtimes.fake_cuda import Gpu
from tests.devices.runtimes.flavours import signatures
from tests.devices.runtimes.in_process import gpu_device
from tests.hwnas.cli.conftest import Once, Terminal

VERSION = "10.16.1.11"
WINNER = "runs/tiny/export/winner"


@pytest.fixture
def trt(gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> ComputingTrt:
    gpu_device(monkeypatch, "tensorrt")
    simulated = ComputingTrt("tensorrt", signatures("tensorrt", VERSION), gpu)
    monkeypatch.setitem(sys.modules, "tensorrt", simulated.module)
    return simulated


@pytest.fixture
def searched(
    folder: Path, terminal: Terminal, trt: ComputingTrt, once: Once, little: Schedule
) -> Path:
    assert not trt.built
    del little

    def make() -> None:
        (folder / "gpu.yaml").write_text("name: gpu\nruntime: tensorrt\ncores: any\n")
        with (folder / "tiny.yaml").open("a") as file:
            file.write("device: gpu.yaml\n")
        for command in ("profile", "train", "search"):
            answer = terminal(command, "tiny.yaml")
            assert answer.code == 0, answer.stderr

    once("searched on a simulated GPU", make)
    return folder


def test_the_winner_is_an_engine_with_what_it_was_built_for(
    searched: Path, terminal: Terminal, trt: ComputingTrt, gpu: Gpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = terminal("export", "runs/tiny", "--json")
    assert answer.code == 0, answer.stderr
    winner = searched / WINNER
    assert answer.document["engine"] == f"{WINNER}/model.engine"
    about = json.loads((winner / "model.engine.json").read_text())
    assert (about["runtime"], about["runtime_version"]) == ("tensorrt", VERSION)
    assert about["provider"] == "TensorRT on Simulated GPU"
    verification = json.loads((winner / "verification.json").read_text())
    assert verification["engine_difference"] < 1e-5
    assert set(verification["sha256"]) >= {"model.onnx", "model.engine", "model.engine.json"}

    timed = terminal(
        "profile",
        "--model",
        f"{WINNER}/model.engine",
        "--device",
        "gpu.yaml",
        "--no-operators",
        "--json",
    )
    assert timed.code == 0, timed.stderr
    assert timed.document["summary"]["ms"] == pytest.approx(
        answer.document["winner"]["measured_ms"]
    )
    assert trt.built.count((winner / "model.onnx").read_bytes()) == 1  # the rest ran that one

    monkeypatch.setattr(gpu, "name", "Another GPU")
    _refused(terminal, "for 'TensorRT on Simulated GPU' and runs only there")
    monkeypatch.setattr(gpu, "name", "Simulated GPU")
    (winner / "model.engine").write_bytes(b"cut off")
    _refused(terminal, "is not the engine that model.engine.json describes")
    (winner / "model.engine.json").unlink()
    _refused(terminal, "is missing or damaged")


def test_an_ensemble_is_an_engine_too(
    searched: Path, terminal: Terminal, trt: ComputingTrt
) -> None:
    words = ("--from", "supernet", "--members", "2", "--candidates", "6", "--patience", "0")
    answer = terminal("ensemble", "runs/tiny", *words, "--json")
    assert answer.code == 0, answer.stderr
    folder = Path(answer.document["model"]).parent
    verification = json.loads((searched / folder / "verification.json").read_text())
    assert verification["engine_difference"] < 1e-5
    assert set(verification["sha256"]) >= {"model.engine", "model.engine.json", "ensemble.json"}
    assert trt.built.count((searched / folder / "model.onnx").read_bytes()) == 1


def test_an_engine_is_not_for_the_processor(searched: Path, terminal: Terminal) -> None:
    (searched / "any.engine").write_bytes(b"any")
    answer = terminal("profile", "--model", "any.engine")
    assert answer.code == 2
    assert "any.engine is an engine, and local_cpu has 'runtime: onnxruntime'" in answer.stderr


def test_an_engine_that_computes_something_else_is_not_exported(
    searched: Path, terminal: Terminal, trt: ComputingTrt
) -> None:
    trt.wrong = True
    answer = terminal("export", "runs/tiny")
    assert answer.code == 2
    assert "the engine that gpu built computes logits that differ by" in answer.stderr
    assert not (searched / WINNER).exists()


def test_the_engine_of_an_earlier_export_goes_with_it(
    searched: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert terminal("export", "runs/tiny").code == 0
    monkeypatch.setattr("hwnas.runs.on_device.builds_engines", lambda _: False)
    answer = terminal("export", "runs/tiny", "--json")
    assert answer.code == 0, answer.stderr
    assert answer.document["engine"] is None
    assert not list((searched / WINNER).glob("*.engine*"))


def _refused(terminal: Terminal, sentence: str) -> None:
    answer = terminal("profile", "--model", f"{WINNER}/model.engine", "--device", "gpu.yaml")
    assert answer.code == 2
    assert sentence in answer.stderr
    assert answer.stderr.count("\n") <= 2
