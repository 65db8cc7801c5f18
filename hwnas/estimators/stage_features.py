"""What the stages of architectures have: how deep they are, how wide, how large their kernels."""

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from hwnas.estimators.traits import choice_traits
from hwnas.spaces.family import Space
from hwnas.spaces.space import Architectures

OF_A_STAGE = 7
"""Features of each stage."""


class StageFeatures:
    """Features of architectures by stage, at array speed (FOX-NAS, arXiv 2108.08189).

    Of each stage: its depth in blocks; the expansion and the kernel of its first block, which
    changes channels and stride; the mean expansion and the mean kernel of its other blocks; and the
    depth times each of these two means. What is not there is 0. They are few, and know which
    choices are alike, where one-hot choices do not; but they do not know at which place of its
    stage a block stands. Of several spaces at once, a column for each says which one it is.
    """

    def __init__(self, space: Space) -> None:
        """Looks at every choice once, of the first of several spaces: the others' are alike."""
        self._members = len(space.members)
        self._leading = len(space.choice_counts) - len(space.members[0].slots)
        slots = space.members[0].slots
        self._traits = choice_traits(space)[self._leading :]
        self._stages = [
            [index for index, _ in group]
            for _, group in groupby(enumerate(slots), key=lambda slot: slot[1].stage)
        ]

    def __call__(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N, F) of canonical architectures (N, L)."""
        own = architectures[:, self._leading :]
        # (L, N, 3): whether a block is there, its expansion, its kernel.
        every = np.stack([one[own[:, slot]] for slot, one in enumerate(self._traits)])
        parts = [_of_stage(every[stage]) for stage in self._stages]
        if self._leading:
            parts.append(np.eye(self._members)[architectures[:, 0]])
        return np.hstack(parts)


def _of_stage(blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 7) of the (slots, N, 3) traits of a stage's slots."""
    depth = blocks[:, :, 0].sum(axis=0)
    first, others = blocks[0, :, 1:], blocks[1:].sum(axis=0)
    means = others[:, 1:] / np.maximum(others[:, :1], 1.0)
    return np.column_stack((depth, first, means, means * depth[:, None]))
