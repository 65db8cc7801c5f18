"""Grids: which values the tensors of an int8 graph can have."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import numpy_helper

_BEHIND_OUTPUT = "_QuantizeInput"  # ONNX Runtime's name of a network's output before it is rounded


@dataclass(frozen=True)
class Grid:
    """The multiples of a step from `lowest` to `highest`, both integers, `zero` being 0."""

    step: float
    zero: int
    lowest: int
    highest: int


def grids(model: onnx.ModelProto) -> Mapping[str, Grid]:
    """Those of the tensors that an int8 graph rounds, by the names that the fp32 graph has.

    Weights have none here: theirs follow from their values, a step for each output channel.

    Args:
        model: what `hwnas.networks.quantize.quantize` made.
    """
    tensors = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    found = {}
    for node in model.graph.node:
        name, step, zero = (*node.input, "", "")[:3]
        if node.op_type != "QuantizeLinear" or name in tensors:
            continue
        of_type = np.iinfo(tensors[zero].dtype)
        grid = Grid(float(tensors[step]), int(tensors[zero]), int(of_type.min), int(of_type.max))
        found[name.removesuffix(_BEHIND_OUTPUT)] = grid
    return found
