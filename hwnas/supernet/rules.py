"""Rules: what is trained in one step, and towards what.

A rule is one function here (or in a file of its own); `hwnas.supernet.training` runs it. It gives
the passes of a step, and each pass runs the module once and returns its loss. A step's gradient is
the sum of those of its passes, so that only one pass's activations are in memory at a time.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from hwnas.spaces import SearchSpace

Pass = Callable[[], Tensor]
"""Runs forward once and returns the loss, a scalar whose gradient is wanted."""


class Rule(Protocol):
    """The passes of a step."""

    @property
    def identity(self) -> str:
        """Equal exactly for rules that train alike; a checkpoint belongs to it."""

    def passes(
        self,
        module: torch.nn.Module,
        inputs: Tensor,
        target: Tensor,
        generator: np.random.Generator,
        smoothing: float,
    ) -> Sequence[Pass]:
        """One pass or more; the loss of the first one is shown.

        Args:
            module: what is trained, called as `module(inputs)` or `module(inputs, architecture)`.
            inputs: (B, 3, R, R) of `hwnas.data.to_input`.
            target: labels (B,), or the probability of each class (B, classes).
            generator: random numbers that follow from seed and step alone.
            smoothing: of labels; not of a teacher's probabilities.
        """


class Plain:
    """Cross-entropy of a module that is one network."""

    identity = "plain"

    def passes(
        self, module: torch.nn.Module, inputs: Tensor, target: Tensor,
        generator: np.random.Generator, smoothing: float,
    ) -> Sequence[Pass]:  # fmt: skip
        """The one pass."""
        del generator
        return [lambda: functional.cross_entropy(module(inputs), target, label_smoothing=smoothing)]


class SinglePath:
    """A random path a step (Guo et al. 2020, arXiv 1904.00420), as `space.sample` draws them."""

    identity = "single path"

    def __init__(self, space: SearchSpace) -> None:
        self._space = space

    def passes(
        self, module: torch.nn.Module, inputs: Tensor, target: Tensor,
        generator: np.random.Generator, smoothing: float,
    ) -> Sequence[Pass]:  # fmt: skip
        """The one pass, through a random path."""
        architecture = self._space.sample(generator, 1)[0]
        return [
            lambda: functional.cross_entropy(
                module(inputs, architecture), target, label_smoothing=smoothing
            )
        ]
