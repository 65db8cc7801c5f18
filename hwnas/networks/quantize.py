"""fp32 ONNX → int8 QDQ ONNX, by the recipe of the runtime that is to run it.

The quantiser is ONNX Runtime's. Timing needs no calibration: the time of an integer kernel does not
depend on its scales, so that a graph to be timed gets one range for all its tensors.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx

from hwnas.core.errors import ConfigError

Ranges = Mapping[str, tuple[float, float]]
"""Least and greatest value of each tensor of a graph, by its name."""

_ANY_RANGE = (-4.0, 4.0)


@dataclass(frozen=True)
class QuantizationRecipe:
    """How a runtime wants its QDQ graphs.

    Attributes:
        signed_activations: int8 activations instead of uint8.
        options: of ONNX Runtime's quantiser.
    """

    signed_activations: bool
    options: Mapping[str, Any] = field(default_factory=dict)


# The parser of TensorRT and TensorRT-RTX refuses int32 biases and asymmetric activations; with this
# recipe ONNX Runtime takes 1.4 times as long on x86 as with its own.
_TENSORRT = QuantizationRecipe(
    signed_activations=True,
    options={
        "ActivationSymmetric": True,
        "WeightSymmetric": True,
        "AddQDQPairToWeight": True,
        "QuantizeBias": False,
    },
)
RECIPES = {"asymmetric": QuantizationRecipe(signed_activations=False), "symmetric": _TENSORRT}
"""By the names that runtimes have in their specifications, see `hwnas.devices.runtimes`."""


def quantize(
    model: onnx.ModelProto,
    recipe: str,
    ranges: Ranges | None = None,
    in_float: Collection[str] = (),
) -> onnx.ModelProto:
    """The int8 model: float in, float out, int8 weights (a scale a channel) and activations.

    Args:
        model: an fp32 model with fixed shapes; it is left as it is.
        recipe: a key of `RECIPES`.
        ranges: of every tensor, from calibration; None for a model that is only timed.
        in_float: names of the nodes that are left as they are.

    Raises:
        ConfigError: there is no such recipe.
        ValueError: a tensor has no range.
    """
    if recipe not in RECIPES:
        raise ConfigError(f"there is no int8 recipe '{recipe}' (known: {', '.join(RECIPES)})")
    # Here, not above: these modules take 0.3 s to import, and fp32 needs none of them.
    from onnxruntime.quantization import QuantType
    from onnxruntime.quantization.calibrate import CalibrationMethod, TensorsData
    from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
    from onnxruntime.quantization.registry import QDQRegistry

    signed, options = RECIPES[recipe].signed_activations, RECIPES[recipe].options
    shaped = onnx.shape_inference.infer_shapes(model)
    names = [shaped.graph.input[0].name]
    names += [output for node in shaped.graph.node for output in node.output]
    missing = [name for name in names if ranges is not None and name not in ranges]
    if missing:
        raise ValueError(f"no range of the tensor {missing[0]}")
    known = {
        name: tuple(map(np.float32, _ANY_RANGE if ranges is None else ranges[name]))
        for name in names
    }
    quantizer = QDQQuantizer(
        shaped,
        True,  # a scale for each output channel of a weight
        False,
        QuantType.QInt8,
        QuantType.QInt8 if signed else QuantType.QUInt8,
        TensorsData(CalibrationMethod.MinMax, known),
        [],
        list(in_float),
        list(QDQRegistry),
        dict(options),
    )
    quantizer.quantize_model()
    quantizer.model.topological_sort()
    quantized: onnx.ModelProto = quantizer.model.model
    return quantized


def inside_network(model: onnx.ModelProto, *, first: bool, last: bool) -> onnx.ModelProto:
    """A quantised block as it stands inside a network: integers in, integers out.

    Its neighbours hand over quantised tensors: the QuantizeLinear behind the input and the
    DequantizeLinear before the output, which a network has once and not once a block, go; where the
    block ends with a float operator, the QuantizeLinear that its successor needs comes.

    Args:
        model: what `quantize` made of a block.
        first: whether its input is the image, which is float.
        last: whether its output is the logits, which are float.
    """
    inner = onnx.ModelProto()
    inner.CopyFrom(model)
    graph = inner.graph
    readers = [node for node in graph.node if graph.input[0].name in node.input]
    if not first and [node.op_type for node in readers] == ["QuantizeLinear"]:
        graph.input[0].name = readers[0].output[0]
        graph.input[0].type.tensor_type.elem_type = _zero_point(graph, readers[0]).data_type
        graph.node.remove(readers[0])
    if not last:
        _end_with_integers(graph)
    return inner


def _end_with_integers(graph: onnx.GraphProto) -> None:
    output = graph.output[0]
    writer = next(node for node in graph.node if output.name in node.output)
    if writer.op_type == "DequantizeLinear":
        name, zero_point = writer.input[0], _zero_point(graph, writer)
        graph.node.remove(writer)
    else:
        # Any scale, but one for the whole tensor: the time of the kernel does not depend on it.
        some = next(
            node
            for node in graph.node
            if node.op_type == "QuantizeLinear" and not _zero_point(graph, node).dims
        )
        name, zero_point = f"{output.name}_integers", _zero_point(graph, some)
        parameters = [output.name, some.input[1], some.input[2]]
        graph.node.append(onnx.helper.make_node("QuantizeLinear", parameters, [name]))
    output.name = name
    output.type.tensor_type.elem_type = zero_point.data_type


def _zero_point(graph: onnx.GraphProto, node: onnx.NodeProto) -> onnx.TensorProto:
    """The zero point of a (de)quantising node; its type is that of the quantised tensor."""
    tensors: dict[str, onnx.TensorProto] = {tensor.name: tensor for tensor in graph.initializer}
    return tensors[node.input[2]]
