"""How large a space may be: refused by its numbers, before anything of that size is made."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from hwnas.networks.blocks import Block, Skip
from hwnas.objectives.costs import block_peak_activation_bytes, block_weight_bytes
from hwnas.spaces.space import SearchSpace

MOST_CHANNELS = 32_768
MOST_CLASSES = 100_000
MOST_RESOLUTION = 4_096
MOST_STAGES = 50
MOST_DEPTH = 100
MOST_SLOTS = 250
MOST_CHOICES = 250
"""Of one slot."""
MOST_BLOCKS = 10_000
"""Choices of all slots together; the published spaces have 60 to 250."""
MOST_WEIGHTS = 2**31 - 1
"""Bytes of a network in fp32: the limit of an ONNX file."""
MOST_SUPERNET = 2**33
"""Bytes of the weights of all choices together."""
MOST_ACTIVATIONS = 2**31
"""Bytes of a block's activations of one image in fp32."""


def check_counts(stages: Iterable[tuple[int, int]]) -> None:
    """Raises ValueError for more slots, or choices, than are searched.

    Args:
        stages: slots of each stage, and choices of a slot of it.
    """
    pairs = list(stages)
    slots = sum(depth for depth, _ in pairs)
    if slots > MOST_SLOTS:
        raise ValueError(f"the stages have {slots:,} blocks, at most {MOST_SLOTS}; lower depth")
    widest = max(choices for _, choices in pairs)
    if widest > MOST_CHOICES:
        raise ValueError(
            f"a block has {widest:,} choices, at most {MOST_CHOICES}; name fewer kernels and "
            "expansions, or raise expansion_step"
        )
    blocks = sum(depth * choices for depth, choices in pairs)
    if blocks > MOST_BLOCKS:
        raise ValueError(
            f"all blocks have {blocks:,} choices together, at most {MOST_BLOCKS:,}; lower depth, "
            "name fewer kernels and expansions, or raise expansion_step"
        )


def check_input(resolution: int, classes: int) -> None:
    """Raises ValueError for images or classes beyond the limits."""
    given: tuple[tuple[str, Any, int], ...] = (
        ("resolution", resolution, MOST_RESOLUTION),
        ("classes", classes, MOST_CLASSES),
    )
    for name, value, most in given:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | np.integer)
            or not 1 <= value <= most
        ):
            raise ValueError(f"{name} must be a whole number from 1 to {most:,}, and is {value!r}")


def check_sizes(space: SearchSpace) -> None:
    """Raises ValueError for weights or activations that no network here may have."""
    slots = [[b for b in choices if not isinstance(b, Skip)] for choices in _choices(space)]
    weights = [[block_weight_bytes(block) for block in blocks] for blocks in slots if blocks]
    largest, together = sum(map(max, weights)), sum(map(sum, weights))
    if largest > MOST_WEIGHTS or together > MOST_SUPERNET:
        raise ValueError(
            f"the largest network has {_gigabytes(largest)} of weights and all choices together "
            f"{_gigabytes(together)}, at most {_gigabytes(MOST_WEIGHTS)} and "
            f"{_gigabytes(MOST_SUPERNET)}; lower channels or expansions"
        )
    widest = max((b for blocks in slots for b in blocks), key=block_peak_activation_bytes)
    if (activations := block_peak_activation_bytes(widest)) > MOST_ACTIVATIONS:
        raise ValueError(
            f"the activations of a block at {widest.resolution} pixels take "
            f"{_gigabytes(activations)} an image, at most {_gigabytes(MOST_ACTIVATIONS)}; lower "
            "the resolution, or channels and expansions"
        )


def _choices(space: SearchSpace) -> list[tuple[Block, ...]]:
    ends = [(block,) for block in (*space.prefix, *space.suffix)]
    return [slot.choices for slot in space.slots] + ends


def _gigabytes(count: int) -> str:
    return f"{count / 2**30:,.3g} GiB"
