"""Costs that follow from the blocks alone: MACs, parameters, file size, peak activation memory."""

import math

from hwnas.networks.blocks import Block
from hwnas.networks.trace import peak_values
from hwnas.objectives.objective import AdditiveObjective, BlockObjective, LargestBlockObjective

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


MACS = AdditiveObjective("macs", "MACs", block_macs)
PARAMETERS = AdditiveObjective("params", "parameters", block_parameters)
FILE_SIZE = AdditiveObjective("file_size", "bytes", block_weight_bytes)
PEAK_MEMORY = LargestBlockObjective("peak_memory", "bytes", block_peak_activation_bytes)

COSTS: dict[str, BlockObjective] = {
    objective.name: objective for objective in (MACS, PARAMETERS, FILE_SIZE, PEAK_MEMORY)
}
"""Every cost that needs no device, by name."""
