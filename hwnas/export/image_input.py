"""What the ONNX file of an export takes: normalised floats, or an image's own bytes."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from hwnas.data import to_input
from hwnas.data.dataset import Images
from hwnas.data.preprocessing import multiply_and_subtract
from hwnas.networks.conventions import Conventions
from hwnas.networks.graph import INPUT

FLOAT, UINT8 = "float", "uint8"
_INSIDE = "normalised"


def taking_bytes(model: onnx.ModelProto, conventions: Conventions) -> onnx.ModelProto:
    """The graph that takes uint8 images (N, R, R, 3) and normalises them itself.

    It computes in float32 what training does with a pixel, to the bit: one multiplication and one
    subtraction. How a photo comes to its size is not inside.

    Args:
        model: from `input`, float32 (N, 3, R, R), in whatever precision inside; left as it is.
        conventions: of the network.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    (taken,) = graph.input
    batch, channels, *size = [dim.dim_value for dim in taken.type.tensor_type.shape.dim]
    for node in graph.node:
        node.input[:] = [_INSIDE if name == INPUT else name for name in node.input]
    factors = zip(("multiply", "subtract"), multiply_and_subtract(conventions), strict=True)
    graph.initializer.extend(
        numpy_helper.from_array(values.reshape(1, channels, 1, 1), name) for name, values in factors
    )
    nodes = [
        helper.make_node("Transpose", [INPUT], ["bytes"], name="bytes", perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["bytes"], ["pixels"], name="pixels", to=TensorProto.FLOAT),
        helper.make_node("Mul", ["pixels", "multiply"], ["scaled"], name="scaled"),
        helper.make_node("Sub", ["scaled", "subtract"], [_INSIDE], name=_INSIDE),
        *graph.node,
    ]
    del graph.node[:], graph.input[:]
    graph.node.extend(nodes)
    shape = [batch, *size, channels]
    graph.input.append(helper.make_tensor_value_info(INPUT, TensorProto.UINT8, shape))
    return made


def takes_bytes(model: bytes) -> bool:
    """Whether an exported model takes uint8 images (N, R, R, 3)."""
    kind: int = onnx.ModelProto.FromString(model).graph.input[0].type.tensor_type.elem_type
    return kind == TensorProto.UINT8


def as_taken(images: Images, of_bytes: bool, conventions: Conventions) -> NDArray[Any]:
    """Images (N, 3, R, R) uint8 as the input of a model that takes bytes, or floats."""
    if of_bytes:
        return np.ascontiguousarray(images.transpose(0, 2, 3, 1))
    taken: NDArray[Any] = to_input(images, conventions).contiguous().numpy()
    return taken


def describe_input(config: dict[str, Any], of_bytes: bool) -> dict[str, Any]:
    """What `input` in config.json says, for a model that takes floats, where it takes bytes."""
    if not of_bytes:
        return {**config, "type": "float32"}
    batch, channels, *size = config["shape"]
    inside = {"layout": "NHWC", "scale": "none: the network normalises the bytes itself"}
    return {
        **config,
        "type": "uint8",
        "shape": [batch, *size, channels],
        "preprocessing": {**config["preprocessing"], **inside},
    }
