"""Costs that follow from the blocks alone: MACs, parameters, file size, peak activation memory."""

import math

from hwnas.networks.blocks import Block, InvertedResidual
from hwnas.networks.layers import block_layers
from hwnas.objectives.objective import AdditiveObjective, BlockObjective, LargestBlockObjective

BYTES_PER_VALUE = 4  # float32


def block_macs(block: Block) -> int:
    """Multiply-accumulates of one image through the block's convolutions and linear layers."""
    return sum(layer.macs for layer in block_layers(block))


def block_parameters(block: Block) -> int:
    """Weights, biases and batch norm's scale and shift."""
    return sum(layer.parameters for layer in block_layers(block))


def block_weight_bytes(block: Block) -> int:
    """Bytes of the exported weights in float32, batch norm folded into a bias a channel."""
    shapes = (shape for layer in block_layers(block) for shape in layer.folded_shapes.values())
    return BYTES_PER_VALUE * sum(map(math.prod, shapes))


def block_peak_activation_bytes(block: Block) -> int:
    """The most bytes that live at once inside the block, for one float32 image.

    A layer's input and output live together; a residual block keeps its input until the end.
    """
    start = block.in_channels * block.resolution**2
    kept = start if isinstance(block, InvertedResidual) and block.residual else 0
    peak = start
    for index, layer in enumerate(block_layers(block)):
        read = layer.in_channels * layer.resolution**2
        written = layer.out_channels * layer.out_resolution**2
        peak = max(peak, read + written + (kept if index else 0))
    return BYTES_PER_VALUE * peak


MACS = AdditiveObjective("macs", "MACs", block_macs)
PARAMETERS = AdditiveObjective("params", "parameters", block_parameters)
FILE_SIZE = AdditiveObjective("file_size", "bytes", block_weight_bytes)
PEAK_MEMORY = LargestBlockObjective("peak_memory", "bytes", block_peak_activation_bytes)

COSTS: dict[str, BlockObjective] = {
    objective.name: objective for objective in (MACS, PARAMETERS, FILE_SIZE, PEAK_MEMORY)
}
"""Every cost that needs no device, by name."""
