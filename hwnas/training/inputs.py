"""Images as batches of network inputs, converted once where they are few."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hwnas.data.dataset import Images
from hwnas.data.preprocessing import to_input
from hwnas.networks.blocks import Block
from hwnas.networks.conventions import USUAL, Conventions

_LARGEST_BYTES = 16 * 2**20
_LARGEST_RECALIBRATION_BYTES = 96 * 2**20

Part = slice | NDArray[np.integer]
"""Which images make up a batch."""


class Inputs:
    """Batches of images, as a network takes them; can be gone through again and again."""

    def __init__(
        self,
        images: Images,
        parts: Sequence[Part],
        device: torch.device,
        conventions: Conventions = USUAL,
    ) -> None:
        """Takes images (N, 3, R, R), which of them make up each batch, and who is to take them.

        That is a device, and the conventions of a network.
        """
        self._images, self._conventions = images, conventions
        self._parts = parts
        self._device = device
        self._kept: list[torch.Tensor] | None = None

    def keep(self, most_bytes: int) -> int:
        """Has the float32 tensors kept, unless they take more than so many bytes.

        Returns:
            The bytes that are kept.
        """
        size = 4 * self._images.size
        if size > most_bytes:
            return 0
        self._kept = list(self)
        return size

    def __getstate__(self) -> dict[str, Any]:
        """Without the tensors, which are four times the images; a copy makes its own."""
        return {**vars(self), "_kept": self._kept is not None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        keeps = state.pop("_kept")
        vars(self).update(state, _kept=None)
        self._kept = list(self) if keeps else None

    def __iter__(self) -> Iterator[torch.Tensor]:
        """Each batch (n, 3, R, R), normalised, in channels_last."""
        if self._kept is not None:
            yield from self._kept
            return
        for part in self._parts:
            yield to_input(self._images[part], self._conventions).to(self._device)


def in_order(
    images: Images, device: torch.device, most: int, conventions: Conventions = USUAL
) -> Inputs:
    """All images (N, 3, R, R) in their order, in nearly equal batches of at most so many."""
    count = -(-len(images) // most)
    ends = [len(images) * number // count for number in range(count + 1)]
    return Inputs(images, [slice(*part) for part in pairwise(ends)], device, conventions)


def suitable_batch(blocks: Iterable[Block]) -> int:
    """How many images are quickest at once, 16 to 512, by the largest output of a layer.

    Few are slow for the calls, many for the memory: the C library gives back what is above 32 MiB,
    and the process pays for every page of it again.
    """
    return max(16, min(512, _LARGEST_BYTES // _largest_output(blocks)))


def recalibration_batch(blocks: Iterable[Block]) -> int:
    """How many images share the moments of batch norms, 64 to 384, by the same output."""
    return max(64, min(384, _LARGEST_RECALIBRATION_BYTES // _largest_output(blocks)))


def _largest_output(blocks: Iterable[Block]) -> int:
    """In bytes, for one image."""
    layers = (layer for block in blocks for layer in block.layers())
    return max(4 * layer.out_channels * layer.out_resolution**2 for layer in layers)
