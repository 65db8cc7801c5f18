"""Costs that follow from the blocks alone: MACs, parameters, file size, peak activation memory."""

import math
from typing import Any

from hwnas.core.errors import BudgetError
from hwnas.core.registry import Registry, brief
from hwnas.networks.blocks import Block
from hwnas.networks.trace import peak_values
from hwnas.objectives.objective import (
    AdditiveObjective,
    LargestBlockObjective,
    Objective,
    Units,
)

BYTES_PER_VALUE = 4  # float32


def block_macs(block: Block) -> int:
    """Multiply-accumulates of one image through the block's convolutions and linear layers."""
    return sum(layer.macs for layer in block.layers())


def block_parameters(block: Block) -> int:
    """Weights, biases and batch norm's scale and shift."""
    return sum(layer.parameters for layer in block.layers())


def block_weight_bytes(block: Block) -> int:
    """Bytes of the exported weights in float32, batch norm folded into a bias a channel."""
    shapes = (shape for layer in block.layers() for shape in layer.folded_shapes.values())
    return BYTES_PER_VALUE * sum(map(math.prod, shapes))


def block_peak_activation_bytes(block: Block) -> int:
    """The most bytes that live at once inside the block, for one float32 image.

    A layer's input and output live together; a residual block keeps its input until the end.
    """
    return BYTES_PER_VALUE * peak_values(block)


_COUNTS = {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9}
_BYTES = {"B": 1.0, "KB": 1e3, "MB": 1e6, "GB": 1e9}

MACS = AdditiveObjective("macs", "MACs", block_macs, units=Units(_COUNTS, "60 M"))
PARAMETERS = AdditiveObjective(
    "params", "parameters", block_parameters, units=Units(_COUNTS, "2.5 M")
)
FILE_SIZE = AdditiveObjective("file_size", "bytes", block_weight_bytes, units=Units(_BYTES, "4 MB"))
PEAK_MEMORY = LargestBlockObjective(
    "peak_memory", "bytes", block_peak_activation_bytes, units=Units(_BYTES, "2 MB")
)

COSTS: Registry[Objective] = Registry(
    "objective",
    "hwnas.objectives",
    {objective.name: objective for objective in (MACS, PARAMETERS, FILE_SIZE, PEAK_MEMORY)},
    BudgetError,
)
"""Every cost that needs no device, by name: ours, and those of installed packages."""


def load_cost(name: str) -> Objective:
    """The cost of a name, of which budgets may be.

    An installed package names an object, such as an `AdditiveObjective`, or a class of such
    objects that takes no arguments.

    Raises:
        BudgetError: there is none, or an installed package's is not a cost.
    """
    loaded: Any = COSTS.load(name)
    cost = loaded
    try:
        cost = loaded() if isinstance(loaded, type) else loaded
        fault = cost_fault(cost, name)
    except Exception as error:
        fault = f"cannot be made: {brief(error)}"
    if fault is not None:
        raise BudgetError(
            f"the objective '{name}' ({COSTS.origin(name)}) {fault}; correct that package"
        )
    found: Objective = cost
    return found


def cost_fault(cost: Any, name: str) -> str | None:
    """What keeps an object from being a cost of this name, as the end of a sentence; or None."""
    for attribute in ("name", "unit", "direction", "evaluate"):
        if not hasattr(cost, attribute):
            return f"has no {attribute}"
    found: Objective = cost
    if found.name != name:
        return f"calls itself '{found.name}'; both names must be the same"
    if found.direction != "minimize":
        return f"is to be {found.direction}d, and a budget limits what is to be minimized"
    return None
