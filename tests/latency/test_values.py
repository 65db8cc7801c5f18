"""Inputs whose value matters: given as numbers or as a file, in whatever the model takes."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from hwnas.core.errors import ConfigError
from hwnas.devices.device import Device
from hwnas.devices.target import open_target
from hwnas.latency import foreign
from hwnas.latency.foreign import Foreign, load_any
from tests.latency.onnx_models import DEVICE, model, saved, untried, value, voice_activity

SHAPES = ["input=1x512", "state=2x1x8"]


def load(path: Path, shapes: list[str], values: list[str]) -> Foreign:
    return foreign.load_model(path, shapes, values, trial=untried)


def outputs(content: bytes, **fed: NDArray[Any]) -> list[Any]:
    with warnings.catch_warnings():
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        return list(session.run(None, fed))


def identity(kind: int, shape: Any) -> onnx.ModelProto:
    node = helper.make_node("Identity", ["x"], ["y"])
    return model([node], [value("x", shape, kind)], [value("y", shape, kind)])


def test_a_recurrent_model_is_measured_in_the_branch_of_its_sample_rate(tmp_path: Path) -> None:
    loaded = load(saved(tmp_path, voice_activity()), SHAPES, ["sr=16000"])
    assert loaded.unset == ()
    with open_target(DEVICE) as target:
        target.add("model", loaded.content)
        operators = target.operators("model", runs=1)
    assert {"Equal", "If", "LSTM"} <= {one["type"] for one in operators}  # nothing is folded away
    (recurrent,) = [one["name"] for one in operators if one["type"] == "LSTM"]
    assert recurrent.endswith("wideband.lstm")
    x = np.ones((1, 512), np.float32)
    state = np.zeros((2, 1, 8), np.float32)
    narrow = load(saved(tmp_path, voice_activity()), SHAPES, ["sr=8000"])
    one, other = (outputs(c.content, input=x, state=state)[0] for c in (loaded, narrow))
    assert not np.allclose(one, other)


def test_a_whole_number_that_nobody_gave_is_told(tmp_path: Path) -> None:
    assert load(saved(tmp_path, voice_activity()), SHAPES, []).unset == ("sr",)


@pytest.mark.parametrize(
    ("kind", "shape", "text", "expected"),
    [
        (TensorProto.INT64, [], "16000", np.array(16000)),
        (TensorProto.INT32, [2], "640,480", np.array([640, 480], np.int32)),
        (TensorProto.INT64, [2, 3], "7", np.full((2, 3), 7)),
        (TensorProto.FLOAT, [1], "0.25", np.array([0.25], np.float32)),
        (TensorProto.FLOAT16, [2], "1e-3,-2", np.array([1e-3, -2], np.float16)),
        (TensorProto.BOOL, [1], "true", np.array([True])),
        (TensorProto.INT64, ["n"], "5,6,7", np.array([5, 6, 7])),
    ],
)
def test_numbers_fill_an_input(
    tmp_path: Path, kind: int, shape: Any, text: str, expected: NDArray[Any]
) -> None:
    content = load(saved(tmp_path, identity(kind, shape)), [], [f"x={text}"]).content
    (found,) = outputs(content)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype


def test_a_file_gives_values_and_shape(tmp_path: Path) -> None:
    audio = np.arange(6.0).reshape(2, 3)
    np.save(tmp_path / "audio.npy", audio)
    path = saved(tmp_path, identity(TensorProto.FLOAT, ["batch", "samples"]))
    (found,) = outputs(load(path, [], [f"x={tmp_path}/audio.npy"]).content)
    np.testing.assert_array_equal(found, audio)
    assert found.dtype == np.float32


def test_values_may_be_given_to_old_files_that_list_their_weights_as_inputs(tmp_path: Path) -> None:
    made = model(
        [helper.make_node("Mul", ["x", "w"], ["y"])],
        [value("x", [2]), value("w", [2])],
        [value("y", [2])],
        (numpy_helper.from_array(np.array([2, 3], np.float32), "w"),),
    )
    made.ir_version, made.opset_import[0].version = 3, 8
    content = load(saved(tmp_path, made), [], ["x=10,10"]).content
    np.testing.assert_array_equal(outputs(content)[0], [20, 30])
    assert [one.name for one in onnx.load_model_from_string(content).graph.input] == ["x"]


@pytest.mark.parametrize(
    ("kind", "shape", "option", "sentence"),
    [
        (TensorProto.INT64, [1], "x", "must be written like --input sr=16000"),
        (TensorProto.INT64, [1], "z=1", "--input names 'z', and the inputs of net.onnx are others"),
        (TensorProto.INT64, [1], "x=many", "the value 'many': write a number"),
        (TensorProto.INT64, [1], "x=0.5", "do not fit its type, int64"),
        (TensorProto.INT32, [1], "x=3000000000", "do not fit its type, int32"),
        (TensorProto.UINT8, [1], "x=-1", "do not fit its type, uint8"),
        (TensorProto.FLOAT16, [1], "x=1e9", "do not fit its type, float16"),
        (TensorProto.INT64, [1], "x=99999999999999999999", "the value '99999999999999999999'"),
        (TensorProto.INT64, [3], "x=1,2", "gives 'x' 2 values, and x is [3] in net.onnx; give 3"),
        (TensorProto.STRING, [1], "x=1", "takes no numbers"),
        (TensorProto.INT64, [1], "x=none.npy", "there is no file none.npy"),
    ],
)
def test_a_value_that_cannot_be_is_one_sentence(
    tmp_path: Path, kind: int, shape: Any, option: str, sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(saved(tmp_path, identity(kind, shape)), [], [option])
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no array", np.lib.format.MAGIC_PREFIX + b"\1\0"])
def test_a_file_that_is_no_array_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.npy").write_bytes(content)
    path = saved(tmp_path, identity(TensorProto.FLOAT, [1]))
    with pytest.raises(ConfigError, match=r"x\.npy cannot be read as a \.npy file"):
        load(path, [], [f"x={tmp_path}/x.npy"])


def test_objects_in_a_file_are_not_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
    path = saved(tmp_path, identity(TensorProto.FLOAT, [1]))
    with pytest.raises(ConfigError, match=r"x\.npy cannot be read as a \.npy file"):
        load(path, [], [f"x={tmp_path}/x.npy"])


def test_an_input_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gives 'x' twice; leave out one"):
        load(saved(tmp_path, identity(TensorProto.INT64, [1])), [], ["x=1", "x=2"])


def test_a_runtime_that_folds_values_takes_none(tmp_path: Path) -> None:
    path = saved(tmp_path, identity(TensorProto.INT64, [1]))
    with pytest.raises(ConfigError, match="has 'runtime: tensorrt', which would treat them as"):
        load_any(path, [], Device(name="gpu", runtime="tensorrt"), ["x=1"])
