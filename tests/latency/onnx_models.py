"""Small ONNX models as people have them: open axes, several inputs, recurrent states."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from hwnas.devices.device import Device
from hwnas.devices.target import Round, open_target

DEVICE = Device(name="here")
WEIGHT = numpy_helper.from_array(np.ones((8, 3, 3, 3), np.float32), "w")
IMAGE = ["batch", 3, "height", "width"]


def value(name: str, shape: Any, kind: int = TensorProto.FLOAT) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def model(
    nodes: list[NodeProto],
    inputs: list[ValueInfoProto],
    outputs: list[ValueInfoProto],
    weights: tuple[TensorProto, ...] = (),
    opset: int = 17,
) -> ModelProto:
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(weights))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def convolution(shape: Any = IMAGE) -> ModelProto:
    node = helper.make_node("Conv", ["input", "w"], ["y"])
    return model([node], [value("input", shape)], [value("y", ["batch", 8, "a", "b"])], (WEIGHT,))


def embedding() -> ModelProto:
    """Two inputs: token numbers, and a mask of the same axes."""
    table = numpy_helper.from_array(np.ones((30, 4), np.float32), "table")
    return model(
        [
            helper.make_node("Gather", ["table", "ids"], ["e"]),
            helper.make_node("Unsqueeze", ["mask", "last"], ["m"]),
            helper.make_node("Mul", ["e", "m"], ["y"]),
        ],
        [value("ids", ["batch", "length"], TensorProto.INT64), value("mask", ["batch", "length"])],
        [value("y", ["batch", "length", 4])],
        (table, numpy_helper.from_array(np.array([2]), "last")),
    )


def untried(content: bytes) -> str:
    """Takes whatever is proposed for open axes: test_suggestions.py lets them run."""
    del content
    return ""


def saved(folder: Path, made: ModelProto) -> Path:
    path = folder / "net.onnx"
    onnx.save(made, path)
    return path


def shapes_of(content: bytes) -> dict[str, list[int]]:
    graph = onnx.load_model_from_string(content).graph
    return {
        one.name: [axis.dim_value for axis in one.type.tensor_type.shape.dim]
        for one in [*graph.input, *graph.output]
    }


def runs(content: bytes) -> bool:
    with open_target(DEVICE) as target:
        target.add("any", content)
        return len(list(target.run([Round(0, ["any"])], least_runs=1, least_ms=0.0))) == 3


def voice_activity() -> ModelProto:
    """A recurrent model for speech, as silero VAD: samples, the state of an LSTM, a sample rate.

    Frames of 512 samples at 16 kHz, of 256 at any other rate, each in a branch of its own.
    """
    known = {"axis": np.array([1]), "rate": np.array(16000)}
    graph = helper.make_graph(
        [
            helper.make_node("Equal", ["sr", "rate"], ["wide"]),
            helper.make_node(
                "If",
                ["wide"],
                ["probability", "next"],
                then_branch=_frames("wideband", 512),
                else_branch=_frames("narrowband", 256),
            ),
        ],
        "g",
        [
            value("input", ["batch", "samples"]),
            value("state", [2, None, 8]),
            value("sr", [], TensorProto.INT64),
        ],
        [value("probability", None), value("next", None)],
        [numpy_helper.from_array(array, name) for name, array in known.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)


def _frames(name: str, length: int, hidden: int = 8) -> onnx.GraphProto:
    shapes = {
        "encoder": (hidden, 1, length),
        "input": (1, 4 * hidden, hidden),
        "recurrent": (1, 4 * hidden, hidden),
    }
    own = {key: f"{name}.{key}" for key in (*shapes, "x", "y", "z", "h", "c", "hn", "cn")}
    nodes = [
        helper.make_node("Unsqueeze", ["input", "axis"], [own["x"]]),
        helper.make_node("Conv", [own["x"], own["encoder"]], [own["y"]], strides=[length]),
        helper.make_node("Transpose", [own["y"]], [own["z"]], perm=[2, 0, 1]),
        helper.make_node("Split", ["state"], [own["h"], own["c"]], axis=0),
        helper.make_node(
            "LSTM",
            [own["z"], own["input"], own["recurrent"], "", "", own["h"], own["c"]],
            ["", own["hn"], own["cn"]],
            name=f"{name}.lstm",
            hidden_size=hidden,
        ),
        helper.make_node("ReduceMean", [own["hn"]], [f"{name}.p"], axes=[2], keepdims=1),
        helper.make_node("Concat", [own["hn"], own["cn"]], [f"{name}.n"], axis=0),
    ]
    weights = [
        numpy_helper.from_array(np.full(shape, 0.1, np.float32), own[key])
        for key, shape in shapes.items()
    ]
    outputs = [value(f"{name}.p", None), value(f"{name}.n", None)]
    return helper.make_graph(nodes, name, [], outputs, weights)
