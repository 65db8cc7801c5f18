"""Relaxed: the rule of a mixing supernet, whose weights and logits learn on different images."""

from collections.abc import Sequence
from functools import cache
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from hwnas.data.dataset import Split
from hwnas.relaxation.gradients import Loss
from hwnas.training.batches import Batches
from hwnas.training.paths import Learnt
from hwnas.training.rules import Pass

_HALVES = 59  # of the random numbers that say which images are whose


class Mixed(Learnt, Protocol):
    """What says how choices are mixed, and is moved by the loss of mixtures."""

    @property
    def step(self) -> int:
        """How many steps of the training are done."""

    @property
    def waits(self) -> bool:
        """Whether the weights of networks alone are learnt as yet."""

    def shares(self, generator: torch.Generator) -> list[Tensor]:
        """L tensors (C,) without a gradient: the mixture that the weights of networks learn in."""

    def advance(self, loss: Loss | None, generator: torch.Generator) -> None:
        """Ends a step, moved by a loss of mixtures; by none where it waits."""


class Relaxed:
    """Each step moves a mixture on one batch, and then the weights of networks on another.

    In the first part of the training the latter learn alone.

    Attributes:
        identity: equal exactly for rules that train alike.
        learnt: the mixture.
    """

    def __init__(self, architecture: Mixed, batches: Batches, identity: str) -> None:
        """Takes what is moved.

        Args:
            architecture: that has not moved, or is restored before the first step.
            batches: of the images of the mixture.
            identity: of settings and budgets.
        """
        self.learnt, self._batches, self.identity = architecture, batches, identity

    def passes(
        self,
        module: torch.nn.Module,
        inputs: Tensor,
        target: Tensor,
        generator: np.random.Generator,
        smoothing: float,
    ) -> Sequence[Pass]:
        """The one pass of the weights, before which the logits move; see `Rule`."""
        architecture = self.learnt
        noise = torch.Generator().manual_seed(int(generator.integers(2**63)))

        @cache  # the gradient may ask for the loss twice
        def batch() -> list[Tensor]:
            return [one.to(inputs.device) for one in self._batches.inputs(architecture.step)]

        def loss(weights: list[Tensor]) -> Tensor:
            images, labels = batch()
            return functional.cross_entropy(module(images, weights), labels)

        def learn() -> Tensor:
            architecture.advance(None if architecture.waits else loss, noise)
            logits = module(inputs, architecture.shares(noise))
            return functional.cross_entropy(logits, target, label_smoothing=smoothing)

        return [learn]


def halves(split: Split, share: float, seed: int) -> tuple[Split, Split]:
    """The images of the weights, and those of the logits: a share of all, drawn at random.

    Args:
        split: all training images.
        share: of the logits.
        seed: of the training.

    Raises:
        ValueError: one of both would be without images.
    """
    order = np.random.default_rng([seed, _HALVES]).permutation(len(split))
    count = round(share * len(split))
    if not 0 < count < len(split):
        raise ValueError(f"{len(split)} images cannot be shared by weights and logits")
    return split.at(np.sort(order[count:])), split.at(np.sort(order[:count]))
