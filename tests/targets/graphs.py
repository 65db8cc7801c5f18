"""Graphs that agents run."""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual
from hwnas.networks.folding import folded_weights
from hwnas.networks.graph import IR_VERSION, OPSET, build_graph
from hwnas.networks.modules import NetworkModule
from tests.hwnas.supernet.helpers import randomise

NETWORK = (
    ConvBlock(3, 8, 3, 2, "hard_swish", 16),
    InvertedResidual(8, 24, 8, 5, 1, 8, "relu6", 8),
    Head(8, 16, 8, 4, "relu", 8),
)
IMAGE = np.random.default_rng(0).standard_normal((1, 3, 16, 16)).astype(np.float32)
GRAPH = build_graph(NETWORK).SerializeToString()


def module() -> NetworkModule:
    """The network in PyTorch, with batch norms and biases that are not trivial."""
    network = NetworkModule(NETWORK, 0)
    randomise(network, 0)
    network.eval()
    return network


def graph_of(network: NetworkModule) -> bytes:
    """The same as a graph."""
    return build_graph(NETWORK, weights=folded_weights(network)).SerializeToString()


def model(nodes: list[onnx.NodeProto], inputs: list[tuple], outputs: list[tuple]) -> bytes:
    """Any graph; inputs and outputs as name, element type and shape."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(*one) for one in inputs],
        [helper.make_tensor_value_info(*one) for one in outputs],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    made.ir_version = IR_VERSION
    return made.SerializeToString()


def copy_of(element: int, shape: tuple[int, ...] = (2, 3)) -> bytes:
    """A graph whose output is its input, of a type of elements."""
    node = helper.make_node("Identity", ["x"], ["y"])
    return model([node], [("x", element, shape)], [("y", element, shape)])


TYPES: dict[str, tuple[int, NDArray]] = {
    "float32": (TensorProto.FLOAT, np.array([0.1, -1e-40, 3e38, np.inf, -np.inf, 0], np.float32)),
    "float16": (TensorProto.FLOAT16, np.array([0.1, -6e-8, 65504, 6.1e-5, -0.0, 1], np.float16)),
    "float64": (TensorProto.DOUBLE, np.array([0.1, -1e-310, 1e300, 1 / 3, 0, 1], np.float64)),
    "uint8": (TensorProto.UINT8, np.array([0, 1, 127, 128, 254, 255], np.uint8)),
    "int8": (TensorProto.INT8, np.array([-128, -1, 0, 1, 2, 127], np.int8)),
    "int32": (TensorProto.INT32, np.array([-(2**31), 2**31 - 1, 0, 1, 2, 3], np.int32)),
    "int64": (TensorProto.INT64, np.array([-(2**53), 2**53, 0, 1, 2, 3], np.int64)),
    "bool": (TensorProto.BOOL, np.array([1, 0, 0, 1, 1, 0], np.bool_)),
}
