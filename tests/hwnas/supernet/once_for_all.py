"""The once-for-all supernet of random weights, and what the original computes with it."""

import json
from dataclasses import dataclass

import numpy as np
from safetensors.torch import load_file
from torch import Tensor

from hwnas.spaces import Architectures, SearchSpace, load_space
from latency.blocks import InvertedResidual
from tests.shared_data import shared_data

NAME = "ofa_mobilenet_v3_w0.25_random"
CHECKPOINT = f"{NAME}.safetensors"


@dataclass(frozen=True)
class Subnet:
    """A sub-network of the original, its parameters and its logits (2, 10) of the images."""

    architecture: Architectures
    parameters: int
    logits: Tensor


def once_for_all_space() -> SearchSpace:
    """The space of the checkpoint, at the size of its images."""
    return load_space("once_for_all_mobilenet_v3", resolution=64, classes=10, width=0.25)


def subnets() -> tuple[Tensor, list[Subnet]]:
    """Images (2, 3, 64, 64), already network input, and all sub-networks that are known."""
    space = once_for_all_space()
    tensors = load_file(shared_data(f"{NAME}_io.safetensors"))
    described = json.loads(shared_data(f"{NAME}_subnets.json").read_text())["subnets"]
    return tensors["input"], [
        Subnet(_architecture(space, one["ks"], one["e"], one["d"]), one["params"], logits)
        for one, logits in zip(described, tensors["outputs"], strict=True)
    ]


def _architecture(
    space: SearchSpace, kernels: list[int], expansions: list[int], depths: list[int]
) -> Architectures:
    row = []
    for index, (slot, kernel, expansion) in enumerate(
        zip(space.slots, kernels, expansions, strict=True)
    ):
        wanted = (
            choice
            for choice, block in enumerate(slot.choices)
            if isinstance(block, InvertedResidual)
            and (block.kernel, block.expanded_channels) == (kernel, expansion * block.in_channels)
        )
        row.append(next(wanted) if index % 4 < depths[slot.stage] else 0)
    return np.array(row)
