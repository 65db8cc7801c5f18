"""Models from elsewhere: read, given shapes, timed; and files that cannot be."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import ModelProto, TensorProto, helper

from hwnas.core.errors import ConfigError, DeviceError
from hwnas.devices.deployments.python import PythonDeployment
from hwnas.devices.device import Device
from hwnas.devices.target import Target
from hwnas.latency import foreign, measure, onnx_file
from hwnas.latency.foreign import by_type, can_profile, measure_any, measure_several
from hwnas.latency.schedule import Schedule
from tests.latency.onnx_models import (
    DEVICE,
    convolution,
    embedding,
    model,
    runs,
    saved,
    shapes_of,
    untried,
    value,
)

QUICK = Schedule(sessions=2, most_sessions=2, rounds=2, least_runs=2, least_ms=0.0)


def load_model(path: Path, shapes: list[str]) -> bytes:
    """As bytes, without trying what is proposed."""
    return foreign.load_model(path, shapes, trial=untried).content


@pytest.mark.parametrize("option", ["input=2x3x16x20", "2x3x16x20", "input=2,3,16,20"])
def test_open_axes_are_fixed_and_those_of_outputs_follow(tmp_path: Path, option: str) -> None:
    content = load_model(saved(tmp_path, convolution()), [option])
    assert shapes_of(content) == {"input": [2, 3, 16, 20], "y": [2, 8, 14, 18]}
    assert runs(content)


def test_a_model_with_fixed_shapes_needs_none(tmp_path: Path) -> None:
    made = convolution([1, 3, 8, 8])
    assert onnx.load_model_from_string(load_model(saved(tmp_path, made), [])) == made


def test_an_axis_of_one_name_is_fixed_everywhere(tmp_path: Path) -> None:
    content = load_model(saved(tmp_path, embedding()), ["ids=2x7"])
    assert shapes_of(content) == {"ids": [2, 7], "mask": [2, 7], "y": [2, 7, 4]}
    assert runs(content)


@pytest.mark.parametrize("name", ["?", "size", None])
def test_axes_that_share_a_name_may_be_of_several_sizes(tmp_path: Path, name: str | None) -> None:
    """Paddle calls every axis that it does not know "?"."""
    made = convolution(["batch", 3, name, name])
    made.graph.value_info.append(value("y0", [name, name]))
    content = load_model(saved(tmp_path, made), ["1x3x48x192"])
    assert runs(content)
    assert shapes_of(content) == {"input": [1, 3, 48, 192], "y": [1, 8, 46, 190]}
    (inside,) = onnx.load_model_from_string(content).graph.value_info
    assert not any(axis.dim_param for axis in inside.type.tensor_type.shape.dim)


def test_axes_of_one_name_in_two_inputs_may_be_of_two_sizes(tmp_path: Path) -> None:
    content = load_model(saved(tmp_path, embedding()), ["ids=1x8", "mask=2x8"])
    assert shapes_of(content)["mask"] == [2, 8]
    assert runs(content)


@pytest.mark.parametrize("name", ["?", None])
def test_an_axis_without_a_name_says_nothing_of_other_inputs(
    tmp_path: Path, name: str | None
) -> None:
    inputs = [value("a", [1, name]), value("b", [1, name])]
    made = model(
        [helper.make_node("Concat", ["a", "b"], ["y"], axis=1)], inputs, [value("y", [1, name])]
    )
    path = saved(tmp_path, made)
    with pytest.raises(ConfigError, match=r"leaves axes open: b is \[1, \?\]; say what"):
        load_model(path, ["a=1x5"])
    content = load_model(path, ["a=1x5", "b=1x7"])
    assert shapes_of(content) == {"a": [1, 5], "b": [1, 7], "y": [1, 12]}
    assert runs(content)


@pytest.mark.parametrize("size", [-1, 0])
def test_sizes_that_cannot_be_are_open_axes(tmp_path: Path, size: int) -> None:
    path = saved(tmp_path, convolution([size, 3, 8, 8]))
    with pytest.raises(ConfigError, match=r"input is \[\?, 3, 8, 8\].*'--shape input=1x3x8x8'"):
        load_model(path, [])
    assert shapes_of(load_model(path, ["1x3x8x8"]))["input"] == [1, 3, 8, 8]


def test_an_input_of_unknown_rank_takes_any_shape(tmp_path: Path) -> None:
    made = model([helper.make_node("Relu", ["x"], ["y"])], [value("x", None)], [value("y", None)])
    path = saved(tmp_path, made)
    with pytest.raises(ConfigError, match=r"x is \[\.\.\.\]; say what to measure"):
        load_model(path, [])
    assert runs(load_model(path, ["2x5x3"]))


def test_weights_that_old_files_list_as_inputs_are_none(tmp_path: Path) -> None:
    made = convolution()
    made.graph.input.append(value("w", [8, 3, 3, 3]))
    assert runs(load_model(saved(tmp_path, made), ["1x3x8x8"]))


@pytest.mark.parametrize(
    ("made", "shapes", "sentence"),
    [
        (
            convolution(),
            [],
            "net.onnx leaves axes open: input is [batch, 3, height, width]; say what to measure, "
            "as in '--shape input=1x3x224x224'",
        ),
        (convolution(["n", "h", "w", 3]), [], "'--shape input=1x224x224x3'"),
        (
            embedding(),
            [],
            "ids is [batch, length] and mask is [batch, length]; say what to measure, as in "
            "'--shape ids=1x128 --shape mask=1x128'",
        ),
        (convolution(), ["x=1x3x8x8"], "names 'x', and the inputs of net.onnx are others: input"),
        (embedding(), ["1x8"], "does not say which input of net.onnx is meant: ids is [batch"),
        (convolution(), ["input=1x3x8"], "gives 'input' 3 axes, and input is [batch, 3, height"),
        (
            convolution(),
            ["input=1x4x8x8"],
            "--shape sets 4 where the model is 3 already: input is [batch, 3, height, width]; "
            "write 3 there",
        ),
        (convolution(), ["1x3x8x8", "input=1x3x9x9"], "gives 'input' twice"),
        (convolution(), ["input=1xthree"], "must be written like --shape input=1x3x224x224"),
        (convolution(), ["input=0x3x8x8"], "each at least 1"),
        (convolution(), ["input="], "must be written like"),
    ],
)
def test_a_shape_that_cannot_be_is_one_sentence(
    tmp_path: Path, made: ModelProto, shapes: list[str], sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_model(saved(tmp_path, made), shapes)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_input_that_is_no_tensor_is_one_sentence(tmp_path: Path) -> None:
    sequence = helper.make_tensor_sequence_value_info("s", TensorProto.FLOAT, [2])
    node = helper.make_node("SequenceLength", ["s"], ["y"])
    made = model([node], [sequence], [value("y", [], TensorProto.INT64)])
    with pytest.raises(ConfigError, match=r"the input s of net\.onnx is a sequence_type"):
        load_model(saved(tmp_path, made), [])


def test_weights_beside_the_file_travel_with_it(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(convolution(), path, save_as_external_data=True, location="net.bin", size_threshold=0)
    content = load_model(path, ["1x3x8x8"])
    assert runs(content)
    (tmp_path / "net.bin").unlink()
    with pytest.raises(ConfigError, match=r"the weights of .*net\.onnx are in net\.bin, which"):
        load_model(path, ["1x3x8x8"])
    (tmp_path / "net.bin").write_bytes(b"12")
    with pytest.raises(ConfigError, match=r"put the files that belong to it beside it"):
        load_model(path, ["1x3x8x8"])


def test_weights_of_more_than_2_gb_are_refused_before_they_are_read(tmp_path: Path) -> None:
    made = convolution()
    (weight,) = made.graph.initializer
    onnx.external_data_helper.set_external_data(weight, "net.bin", length=3_000_000_000)
    weight.ClearField("raw_data")
    with pytest.raises(ConfigError, match=r"has 3\.0 GB with its weights"):
        load_model(saved(tmp_path, made), ["1x3x8x8"])


def test_a_file_of_more_than_2_gb_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_file, "MOST_BYTES", 100)
    with pytest.raises(ConfigError, match="at most 2 GB; quantise or split it"):
        load_model(saved(tmp_path, convolution()), [])


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x08", b'{"json": true}'])
def test_a_file_that_is_no_model_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "net.onnx").write_bytes(content)
    with pytest.raises(ConfigError, match=r"net\.onnx is not an ONNX model"):
        load_model(tmp_path / "net.onnx", [])


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "net.onnx")
    with pytest.raises(ConfigError, match=r"net\.onnx is a pipe or a device; save the model"):
        load_model(tmp_path / "net.onnx", [])


def test_a_missing_file_and_a_folder_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no file .*net\.onnx"):
        load_model(tmp_path / "net.onnx", [])
    with pytest.raises(ConfigError, match="is a folder; name an ONNX file"):
        load_model(tmp_path, [])


def test_a_model_is_measured_twice_and_operator_by_operator(tmp_path: Path) -> None:
    content = load_model(saved(tmp_path, embedding()), ["ids=1x64"])
    reported: list[tuple[int, int]] = []
    found = measure_any(DEVICE, content, QUICK, lambda *done: reported.append(done))
    assert reported[-1] == (4, 4)
    assert 0 < found.summary.min <= found.summary.p10 <= found.summary.p90
    assert found.noise >= 0
    assert 0 <= found.affected <= 1
    assert {one["type"] for one in found.operators} >= {"Gather", "Mul"}


def test_a_device_in_int8_measures_a_file_as_it_is(tmp_path: Path) -> None:
    content = load_model(saved(tmp_path, convolution()), ["1x3x32x32"])
    found = measure_any(Device(name="here", precision="int8"), content, QUICK)
    assert "QuantizeLinear" not in {one["type"] for one in found.operators}


def test_the_profile_is_left_out_when_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Target, "operators", None)
    content = load_model(saved(tmp_path, convolution()), ["1x3x8x8"])
    assert measure_any(DEVICE, content, QUICK, operators=False).operators == []


def test_the_profile_is_left_out_where_the_agent_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not can_profile(Device(name="here", agent="native"))
    assert not can_profile(Device(name="here", runtime="onnxruntime_cuda"))
    monkeypatch.setattr(PythonDeployment, "profiles", False)
    monkeypatch.setattr(Target, "operators", None)
    content = load_model(saved(tmp_path, convolution()), ["1x3x8x8"])
    found = measure_any(DEVICE, content, QUICK)
    assert found.operators == []
    assert found.summary.median > 0


def test_what_the_runtime_refuses_is_its_own_sentence() -> None:
    made = convolution([1, 3, 8, 8])
    made.ir_version = 99
    with pytest.raises(DeviceError, match="Unsupported model IR version: 99"):
        measure_any(DEVICE, made.SerializeToString(), QUICK)


def test_models_of_one_device_are_visited_in_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = []

    def run_sessions(device: Device, graphs: Mapping[str, Any], *rest: Any) -> None:
        sessions.append(list(graphs))
        measure.run_sessions(device, graphs, *rest)

    monkeypatch.setattr(foreign, "run_sessions", run_sessions)
    path = saved(tmp_path, convolution())
    models = {name: load_model(path, [f"1x3x{size}x8"]) for name, size in [("a", 32), ("b", 8)]}
    found = measure_several(DEVICE, models, QUICK)
    assert sessions == [["a", "b"]]
    assert all(one.summary.visits > 0 and one.operators == [] for one in found.values())


def test_types_are_summed_and_the_longest_comes_first() -> None:
    operators = [
        {"type": "Relu", "ms": 1.0},
        {"type": "Conv", "ms": 2.0},
        {"type": "Conv", "ms": 5.0},
    ]
    assert by_type(operators) == [("Conv", 2, 7.0, 0.875), ("Relu", 1, 1.0, 0.125)]
    assert by_type([]) == []
