"""Blocks (and weights) → ONNX: the one builder of timed, validated and exported graphs.

What is timed is what is shipped: the graph of a single block, of a whole network for timing and of
the exported network come from here, with batch norm already folded into the convolutions.
"""

import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from hwnas.networks.blocks import Block, block_key
from hwnas.networks.ensemble import LEAST_PROBABILITY, Ensemble
from hwnas.networks.layers import Layer

# ONNX Runtime 1.31 reads opset ≤ 26 and IR ≤ 13; these two are read by every runtime since 2022.
OPSET = 17
IR_VERSION = 8
# Part of a device's fingerprint: raise it when graphs of equal blocks change.
BUILDER_VERSION = 1

INPUT = "input"
OUTPUT = "output"
_AVERAGE = "average"

Attribute = int | float | list[int]
Weights = Mapping[str, NDArray[np.float32]]
"""Of one block, folded: "<layer>.weight" (out, in / groups, k, k) and, unless the layer has none,
"<layer>.bias" (out,)."""


def build_graph(
    blocks: Sequence[Block], *, batch: int = 1, weights: Sequence[Weights] | None = None
) -> onnx.ModelProto:
    """The ONNX graph of some consecutive blocks.

    Args:
        blocks: one block, or a whole network.
        batch: images per inference; the graph's shapes are fixed.
        weights: the folded weights of each block; None gives random ones, equal for equal blocks.

    Returns:
        A model from `input` (batch, channels, resolution, resolution) to `output`, float32: logits
        (batch, classes) when the last block is a head, else (batch, channels, r, r).

    Raises:
        ValueError: no blocks, or weights of the wrong names or shapes.
    """
    if not blocks:
        raise ValueError("a graph needs at least one block")
    graph = _Graph()
    value = graph.add_blocks("", blocks, _given(blocks, weights), INPUT)
    graph.node("Identity", [value], OUTPUT) if value == INPUT else graph.rename(value, OUTPUT)
    last = blocks[-1]
    shape = [last.out_channels]
    if not last.gives_logits:
        shape += [last.out_resolution] * 2
    return graph.model(blocks[0], shape, batch)


def build_ensemble(
    ensemble: Ensemble, *, batch: int = 1, weights: Sequence[Weights] | None = None
) -> onnx.ModelProto:
    """The ONNX graph of an ensemble: the trunk, every tail, and the mean of their probabilities.

    Args:
        ensemble: the members.
        batch: images per inference; the graph's shapes are fixed.
        weights: the folded weights of each of `ensemble.blocks`; None gives random ones.

    Returns:
        A model from `input` (batch, channels, resolution, resolution) to `output` (batch, classes),
        float32: the logarithm of the averaged probabilities.

    Raises:
        ValueError: weights of the wrong names or shapes.
    """
    given = _given(ensemble.blocks, weights)
    graph, start = _Graph(), len(ensemble.trunk)
    shared = graph.add_blocks("", ensemble.trunk, given[:start], INPUT)
    logits = []
    for number, tail in enumerate(ensemble.tails):
        end = start + len(tail)
        logits.append(graph.add_blocks(f"member{number}.", tail, given[start:end], shared))
        start = end
    graph.rename(graph.add_average(logits), OUTPUT)
    return graph.model(ensemble.first, [ensemble.classes], batch)


def averaging(model: onnx.ModelProto) -> list[str]:
    """The nodes of an ensemble's graph that average probabilities, by name; none of a network."""
    return [node.name for node in model.graph.node if node.name.startswith(f"{_AVERAGE}.")]


def _given(blocks: Sequence[Block], weights: Sequence[Weights] | None) -> Sequence[Weights]:
    found = weights if weights is not None else [random_weights(block) for block in blocks]
    if len(found) != len(blocks):
        raise ValueError(f"{len(found)} weights for {len(blocks)} blocks")
    return found


def value_name(block: str, operation: str, activation: str = "none") -> str:
    """The name in a graph of what an operation of a block gives, behind an activation or before it.

    That of the last operation of a graph is `OUTPUT`.

    Args:
        block: "block0", "block1", …, by its place in the graph.
        operation: its name, see `hwnas.networks.operations.Operations`.
        activation: of the layer.
    """
    return f"{block}.{operation}" + ("" if activation == "none" else f".{activation}")


def random_weights(block: Block) -> Weights:
    """He-normal weights that depend on the block alone, so that equal blocks give equal graphs."""
    generator = np.random.default_rng(zlib.crc32(block_key(block).encode()))
    weights: dict[str, NDArray[np.float32]] = {}
    for layer in block.layers():
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

    def node(self, op: str, inputs: list[str], output: str, **attributes: Attribute) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))  # type: ignore[arg-type]
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

    def add_blocks(
        self, prefix: str, blocks: Sequence[Block], weights: Sequence[Weights], value: str
    ) -> str:
        for index, (block, block_weights) in enumerate(zip(blocks, weights, strict=True)):
            value = self.add_block(f"{prefix}block{index}", block, block_weights, value)
        return value

    def add_average(self, logits: Sequence[str]) -> str:
        shares = [
            self.node("Softmax", [value], f"{_AVERAGE}.member{number}", axis=1)
            for number, value in enumerate(logits)
        ]
        mean = self.node("Mean", shares, f"{_AVERAGE}.mean")
        least = self.constant(f"{_AVERAGE}.least", np.array(LEAST_PROBABILITY, np.float32))
        floor = self.node("Clip", [mean, least], f"{_AVERAGE}.clip")
        return self.node("Log", [floor], f"{_AVERAGE}.log")

    def model(self, first: Block, shape: Sequence[int], batch: int) -> onnx.ModelProto:
        """What takes the input of a first block and gives an output of a shape for each image."""
        taken = [batch, first.in_channels, first.resolution, first.resolution]
        return helper.make_model(
            helper.make_graph(
                self.nodes,
                "hwnas",
                [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, taken)],
                [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [batch, *shape])],
                self.initializers,
            ),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="hwnas",
        )

    def add_block(self, name: str, block: Block, weights: Weights, value: str) -> str:
        layers = {layer.name: layer for layer in block.layers()}
        expected = {
            f"{layer.name}.{part}" for layer in layers.values() for part in layer.folded_shapes
        }
        if set(weights) != expected:
            raise ValueError(f"{block_key(block)} takes the weights {sorted(expected)}")
        return block.compute(_BlockNodes(self, name, layers, weights), value)


class _BlockNodes:
    """The operations of one block as nodes; a value is the name of a tensor."""

    def __init__(
        self, graph: _Graph, block: str, layers: Mapping[str, Layer], weights: Weights
    ) -> None:
        self._graph, self._block = graph, block
        self._layers, self._weights = layers, weights
        self._vectors: set[str] = set()

    def layer(self, name: str, x: str) -> str:
        layer, output = self._layers[name], value_name(self._block, name)
        if x in self._vectors:
            inputs = [x, *self._parameters(layer, flat=True)]
            value = self._graph.node("Gemm", inputs, output, transB=1)
            self._vectors |= {value, activated := self._activation(layer, value)}
            return activated
        before, behind = layer.padding
        value = self._graph.node(
            "Conv",
            [x, *self._parameters(layer)],
            output,
            kernel_shape=[layer.kernel] * 2,
            strides=[layer.stride] * 2,
            pads=[before, before, behind, behind],
            group=layer.groups,
        )
        return self._activation(layer, value)

    def mean(self, name: str, x: str) -> str:
        return self._node("GlobalAveragePool", [x], name)

    def flatten(self, name: str, x: str) -> str:
        value = self._node("Flatten", [x], name, axis=1)
        self._vectors.add(value)
        return value

    def hard_sigmoid(self, name: str, x: str) -> str:
        return self._node("HardSigmoid", [x], name, alpha=1 / 6, beta=0.5)

    def multiply(self, name: str, x: str, gate: str) -> str:
        return self._node("Mul", [x, gate], name)

    def add(self, name: str, x: str, other: str) -> str:
        return self._node("Add", [x, other], name)

    def concatenate(self, name: str, parts: Sequence[str]) -> str:
        return self._node("Concat", list(parts), name, axis=1)

    def _node(self, op: str, inputs: list[str], name: str, **attributes: Attribute) -> str:
        return self._graph.node(op, inputs, value_name(self._block, name), **attributes)

    def _parameters(self, layer: Layer, flat: bool = False) -> list[str]:
        names = []
        for part, shape in layer.folded_shapes.items():
            array = self._weights[f"{layer.name}.{part}"]
            whole = f"{self._block}.{layer.name}.{part}"
            if array.shape != shape:
                raise ValueError(f"{whole} takes weights of {shape}, not {array.shape}")
            array = np.ascontiguousarray(array, dtype=np.float32)
            if flat and part == "weight":
                array = array.reshape(shape[:2])
            names.append(self._graph.constant(whole, array))
        return names

    def _activation(self, layer: Layer, value: str) -> str:
        output = value_name(self._block, layer.name, layer.activation)
        match layer.activation:
            case "relu":
                return self._graph.node("Relu", [value], output)
            case "relu6":
                low = self._graph.constant("zero", np.array(0, np.float32))
                high = self._graph.constant("six", np.array(6, np.float32))
                return self._graph.node("Clip", [value, low, high], output)
            case "hard_swish":
                return self._graph.node("HardSwish", [value], output)
            case _:
                return value
