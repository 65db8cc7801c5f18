"""`hwnas profile --model`: files from elsewhere, and what goes wrong with them."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from hwnas.devices.deployments.python import PythonDeployment
from hwnas.latency import foreign
from hwnas.latency.reference import NETWORK
from hwnas.latency.schedule import Schedule
from hwnas.networks.graph import build_graph
from hwnas.networks.half import to_half
from tests.devices.parts import change_runtime
from tests.hwnas.cli.conftest import Terminal, assert_refused
from tests.latency.onnx_models import voice_activity


@pytest.fixture
def models(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with models in it, and a schedule of a second."""
    quick = Schedule(sessions=2, most_sessions=2, rounds=2, least_runs=2, least_ms=0.0)
    monkeypatch.setattr(foreign, "Schedule", lambda: quick)
    network = build_graph(NETWORK)
    network.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.save(network, folder / "net.onnx")
    onnx.save(network, folder / "outside.onnx", save_as_external_data=True, location="outside.bin")
    (folder / "outside.bin").unlink()
    (folder / "broken.onnx").write_bytes(b"no model")
    gather(folder / "gather.onnx")
    return folder


def gather(path: Path) -> None:
    """A model of two inputs, whose index 1 is out of bounds when the table has one row."""
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["rows", "ids"], ["e"]),
            helper.make_node("Mul", ["e", "factor"], ["y"]),
        ],
        "g",
        [
            helper.make_tensor_value_info("ids", TensorProto.INT64, ["length"]),
            helper.make_tensor_value_info("factor", TensorProto.FLOAT, [4]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["length", 4])],
        [numpy_helper.from_array(np.ones((1, 4), np.float32), "rows")],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)


def test_a_file_is_measured_and_nothing_is_stored(models: Path, terminal: Terminal) -> None:
    before = sorted(models.rglob("*"))
    answer = terminal("profile", "--model", "net.onnx", "--shape", "1x3x128x128")
    assert answer.code == 0
    for words in (
        "net.onnx (fp32) on local_cpu",
        "p10",
        "median",
        "measured twice: ",
        "set aside",
        "Conv",
        "Gemm",
        "share",
        "profiling itself takes time",
    ):
        assert words in answer.stdout
    assert "measuring net.onnx on local_cpu: 4 of 4 visits" in answer.stderr
    assert "note:" not in answer.stderr
    assert sorted(models.rglob("*")) == before


def test_the_json_has_every_operator_and_their_sum_is_near_the_whole(
    models: Path, terminal: Terminal
) -> None:
    del models
    found = terminal(
        "profile", "--model", "net.onnx", "--shape", "input=1x3x128x128", "--json"
    ).document
    assert found["model"] == "net.onnx"
    assert found["device"] == "local_cpu"
    assert set(found["summary"]) >= {"min", "p10", "median", "p90", "redone"}
    assert found["noise"] >= 0
    assert [one["type"] for one in found["operators"]].count("Conv") == 25
    total = sum(one["ms"] for one in found["operators"])
    assert 0.3 * found["summary"]["min"] < total < 5 * found["summary"]["p90"]


def test_a_file_is_measured_where_the_agent_makes_no_profile(
    models: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    del models
    monkeypatch.setattr(PythonDeployment, "profiles", False)
    words = ("profile", "--model", "net.onnx", "--shape", "1x3x128x128")
    answer = terminal(*words)
    assert answer.code == 0, answer.stderr
    assert "measured twice: " in answer.stdout
    assert "no breakdown by operator: the agent python of local_cpu makes none" in answer.stdout
    assert "no breakdown" not in terminal(*words, "--no-operators").stdout


def test_a_file_is_measured_where_the_runtime_makes_no_profile(
    models: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    del models
    change_runtime(monkeypatch, "onnxruntime", profiles_operators=False)
    answer = terminal("profile", "--model", "net.onnx", "--shape", "1x3x128x128")
    assert answer.code == 0, answer.stderr
    assert "the runtime onnxruntime of local_cpu makes none; for one, use 'run" in answer.stdout


def test_the_profile_can_be_left_out(models: Path, terminal: Terminal) -> None:
    del models
    answer = terminal("profile", "--model", "net.onnx", "--shape", "1x3x128x128", "--no-operators")
    assert answer.code == 0
    assert "measured twice: " in answer.stdout
    assert "operators" not in answer.stdout


def test_a_device_of_another_precision_does_not_change_the_file_and_that_is_said(
    models: Path, terminal: Terminal
) -> None:
    (models / "int8.yaml").write_text("name: eight\nprecision: int8\n")
    words = ("profile", "--model", "net.onnx", "--shape", "1x3x128x128", "--no-operators")
    answer = terminal(*words, "--device", "int8.yaml")
    assert answer.code == 0
    assert "net.onnx (fp32) on eight" in answer.stdout
    assert "note: net.onnx is fp32, and is measured as it is: 'precision: int8' of" in answer.stderr


def test_the_value_of_an_input_can_be_given(models: Path, terminal: Terminal) -> None:
    onnx.save(voice_activity(), models / "vad.onnx")
    answer = terminal(
        "profile",
        "--model",
        "vad.onnx",
        "--shape",
        "input=1x512",
        "--shape",
        "state=2x1x8",
        "--input",
        "sr=16000",
        "--json",
    )
    assert answer.document["inputs"] == ["sr=16000"]
    assert "note:" not in answer.stderr


def test_files_are_compared_on_one_device(models: Path, terminal: Terminal) -> None:
    half = to_half(build_graph(NETWORK), first=True, last=True)
    onnx.save(half, models / "half.onnx")
    answer = terminal(
        "profile", "--model", "net.onnx", "--model", "half.onnx", "--shape", "1x3x128x128"
    )
    assert answer.code == 0, answer.stderr
    assert "measuring 2 files on local_cpu" in answer.stderr
    for words in ("net.onnx", "half.onnx", "fp32", "fp16", "compared across precisions\n"):
        assert words in answer.stdout


def test_a_file_is_compared_on_several_devices(models: Path, terminal: Terminal) -> None:
    onnx.save(voice_activity(), models / "vad.onnx")
    (models / "two.yaml").write_text("name: two\nthreads: 2\n")
    answer = terminal(
        "profile",
        "--model",
        "vad.onnx",
        "--shape",
        "input=1x512",
        "--shape",
        "state=2x1x8",
        "--device",
        "local_cpu",
        "--device",
        "two.yaml",
        "--json",
    )
    assert answer.code == 0, answer.stderr
    found = answer.document
    assert [(one["model"], one["precision"], one["device"]) for one in found["models"]] == [
        ("vad.onnx", "fp32", "local_cpu"),
        ("vad.onnx", "fp32", "two"),
    ]
    assert found["compared_across"] == ["devices"]
    assert "measuring vad.onnx on two" in answer.stderr
    assert "note: the input sr of vad.onnx is 0 or 1, by chance; where its value" in answer.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--model nothing.onnx", "there is no file nothing.onnx"),
        ("--model .", ". is a folder; name an ONNX file in it"),
        ("--model broken.onnx", "broken.onnx is not an ONNX model"),
        ("--model outside.onnx", "the weights of outside.onnx are in outside.bin"),
        ("--model net.onnx", "input is [batch, 3, 128, 128]; say what to measure, as in '--shape"),
        ("--model net.onnx --shape 1x3x64x128", "sets 64 where the model is 128 already"),
        ("--model gather.onnx --shape 3", "does not say which input of gather.onnx is meant"),
        ("--model gather.onnx --shape ids=3", "gather.onnx: timing on this machine failed: "),
        ("--model net.onnx --device phone", "there is no device named 'phone'"),
        ("tiny.yaml --model net.onnx", "a config goes with a search"),
        ("--model net.onnx --space mobilenet_v2", "--space goes with a search"),
        ("--model net.onnx --resolution 64", "--resolution goes with a search"),
        ("--model net.onnx --classes 4", "--classes goes with a search"),
        ("--model net.onnx --data digits", "--data goes with a search"),
        ("--model net.onnx --table a.sqlite", "--table goes with a search"),
        ("--model net.onnx --set device=x", "--set goes with a search"),
        ("--model net.onnx --input z=1", "--input names 'z', and the inputs of net.onnx are"),
        ("--model net.onnx --model net.onnx", "net.onnx is named twice; name it once"),
        (
            "--model gather.onnx --device local_cpu --device local_cpu",
            "local_cpu is named twice; name it once",
        ),
        ("--model net.onnx --model broken.onnx --shape 1x3x128x128", "broken.onnx is not an ONNX"),
        ("tiny.yaml --shape 1x3x8x8", "--shape, --input and --no-operators go with --model"),
        ("tiny.yaml --input x=1", "--shape, --input and --no-operators go with --model"),
        ("tiny.yaml --no-operators", "--shape, --input and --no-operators go with --model"),
        ("", "or an ONNX file by --model"),
    ],
)
def test_wrong_input_is_one_sentence(
    models: Path, terminal: Terminal, words: str, sentence: str
) -> None:
    assert_refused(terminal, models, f"profile {words}", sentence)
