"""Blocks (and weights) → ONNX: the one builder of timed, validated and exported graphs.

What is timed is what is shipped: the graph of a single block, of a whole network for timing and of
the exported network come from here, with batch norm already folded into the convolutions.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from hwnas.networks.blocks import Block, ConvBlock, Head, InvertedResidual, Skip, block_key
from hwnas.networks.layers import Layer, block_layers

# ONNX Runtime 1.31 reads opset ≤ 26 and IR ≤ 13; these two are read by every runtime since 2022.
OPSET = 17
IR_VERSION = 8
# Part of a device's fingerprint: raise it when graphs of equal blocks change.
BUILDER_VERSION = 1

INPUT = "input"
OUTPUT = "output"

Weights = Mapping[str, NDArray[np.float32]]
"""Of one block, folded: "<layer>.weight" (out, in / groups, k, k) and, unless the layer has none,
"<layer>.bias" (out,)."""


def build_graph(
    blocks: Sequence[Block], *, batch: int = 1, weights: Sequence[Weights] | None = None
) -> onnx.ModelProto:
    """The ONNX graph of some consecutive blocks.

    Args:
        blocks: one block, or a whole network.
        batch: images an inference; the graph's shapes are fixed.
        weights: the folded weights of each block; None gives random ones, equal for equal blocks.

    Returns:
        A model from `input` (batch, channels, resolution, resolution) to `output`, float32: logits
        (batch, classes) when the last block is a head, else (batch, channels, r, r).

    Raises:
        ValueError: no blocks, or weights of the wrong names or shapes.
    """
    if not blocks:
        raise ValueError("a graph needs at least one block")
    given = weights if weights is not None else [random_weights(block) for block in blocks]
    if len(given) != len(blocks):
        raise ValueError(f"{len(given)} weights for {len(blocks)} blocks")
    graph = _Graph()
    value = INPUT
    for index, (block, block_weights) in enumerate(zip(blocks, given, strict=True)):
        value = graph.add_block(f"block{index}", block, block_weights, value)
    graph.node("Identity", [value], OUTPUT) if value == INPUT else graph.rename(value, OUTPUT)
    first, last = blocks[0], blocks[-1]
    shape = [batch, first.in_channels, first.resolution, first.resolution]
    out_shape = [batch, last.out_channels]
    if not isinstance(last, Head):
        out_shape += [last.out_resolution] * 2
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            "hwnas",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, out_shape)],
            graph.initializers,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="hwnas",
    )


def random_weights(block: Block) -> Weights:
    """He-normal weights that depend on the block alone, so that equal blocks give equal graphs."""
    generator = np.random.default_rng(zlib.crc32(block_key(block).encode()))
    weights: dict[str, NDArray[np.float32]] = {}
    for layer in block_layers(block):
        scale = np.float32(np.sqrt(2.0 / np.prod(layer.weight_shape[1:])))
        shape = layer.weight_shape
        weights[f"{layer.name}.weight"] = generator.standard_normal(shape, np.float32) * scale
        if "bias" in layer.folded_shapes:
            weights[f"{layer.name}.bias"] = generator.standard_normal(
                layer.out_channels, np.float32
            ) * np.float32(0.01)
    return weights


class _Graph:
    """Nodes and initializers under construction; every method returns its output's name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._constants: set[str] = set()

    def node(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def rename(self, value: str, name: str) -> None:
        for node in self.nodes:
            node.input[:] = [name if item == value else item for item in node.input]
            node.output[:] = [name if item == value else item for item in node.output]

    def constant(self, name: str, array: NDArray[np.float32]) -> str:
        if name not in self._constants:
            self._constants.add(name)
            self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def add_block(self, name: str, block: Block, weights: Weights, value: str) -> str:
        layers = {layer.name: layer for layer in block_layers(block)}
        expected = {
            f"{layer.name}.{part}" for layer in layers.values() for part in layer.folded_shapes
        }
        if set(weights) != expected:
            raise ValueError(f"{block_key(block)} takes the weights {sorted(expected)}")
        match block:
            case ConvBlock():
                return self.convolution(name, layers["conv"], weights, value)
            case InvertedResidual():
                return self.inverted_residual(name, block, layers, weights, value)
            case Head():
                return self.head(name, layers, weights, value)
            case Skip():
                return value

    def inverted_residual(
        self,
        name: str,
        block: InvertedResidual,
        layers: dict[str, Layer],
        weights: Weights,
        value: str,
    ) -> str:
        start = value
        if "expand" in layers:
            value = self.convolution(name, layers["expand"], weights, value)
        value = self.convolution(name, layers["depthwise"], weights, value)
        if "squeeze_reduce" in layers:
            gate = self.node("GlobalAveragePool", [value], f"{name}.squeeze_pool")
            gate = self.convolution(name, layers["squeeze_reduce"], weights, gate)
            gate = self.convolution(name, layers["squeeze_expand"], weights, gate)
            gate = self.node("HardSigmoid", [gate], f"{name}.gate", alpha=1 / 6, beta=0.5)
            value = self.node("Mul", [value, gate], f"{name}.excite")
        value = self.convolution(name, layers["project"], weights, value)
        if block.residual:
            value = self.node("Add", [value, start], f"{name}.residual")
        return value

    def head(self, name: str, layers: dict[str, Layer], weights: Weights, value: str) -> str:
        value = self.convolution(name, layers["features"], weights, value)
        value = self.node("GlobalAveragePool", [value], f"{name}.pool")
        value = self.node("Flatten", [value], f"{name}.flatten", axis=1)
        if "hidden" in layers:
            value = self.linear(name, layers["hidden"], weights, value)
        return self.linear(name, layers["classifier"], weights, value)

    def convolution(self, name: str, layer: Layer, weights: Weights, value: str) -> str:
        value = self.node(
            "Conv",
            [value, *self.parameters(name, layer, weights)],
            f"{name}.{layer.name}",
            kernel_shape=[layer.kernel] * 2,
            strides=[layer.stride] * 2,
            pads=[layer.kernel // 2] * 4,
            group=layer.groups,
        )
        return self.activation(f"{name}.{layer.name}", layer.activation, value)

    def linear(self, name: str, layer: Layer, weights: Weights, value: str) -> str:
        inputs = [value, *self.parameters(name, layer, weights, flat=True)]
        value = self.node("Gemm", inputs, f"{name}.{layer.name}", transB=1)
        return self.activation(f"{name}.{layer.name}", layer.activation, value)

    def parameters(
        self, name: str, layer: Layer, weights: Weights, flat: bool = False
    ) -> list[str]:
        names = []
        for part, shape in layer.folded_shapes.items():
            array, whole = weights[f"{layer.name}.{part}"], f"{name}.{layer.name}.{part}"
            if array.shape != shape:
                raise ValueError(f"{whole} takes weights of {shape}, not {array.shape}")
            array = np.ascontiguousarray(array, dtype=np.float32)
            if flat and part == "weight":
                array = array.reshape(shape[:2])
            names.append(self.constant(whole, array))
        return names

    def activation(self, name: str, activation: str, value: str) -> str:
        match activation:
            case "relu":
                return self.node("Relu", [value], f"{name}.relu")
            case "relu6":
                low = self.constant("zero", np.array(0, np.float32))
                high = self.constant("six", np.array(6, np.float32))
                return self.node("Clip", [value, low, high], f"{name}.relu6")
            case "hard_swish":
                return self.node("HardSwish", [value], f"{name}.hard_swish")
            case _:
                return value
