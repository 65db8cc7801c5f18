"""Relaxed: the rule of a mixing supernet, whose weights and logits learn on different images."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from hwnas.data.dataset import Split
from hwnas.relaxation.architecture import Architecture
from hwnas.training.batches import Batches
from hwnas.training.rules import Pass

_HALVES = 59  # of the random numbers that say which images are whose


class Relaxed:
    """Each step moves the logits on one batch, and then the weights on another.

    The weights learn the loss of one network that is drawn, in the memory of one, but for the
    gradient `softmax`, whose loss is that of the mixture. In the first part of the training
    (`weights_first`) they learn alone.

    Attributes:
        identity: equal exactly for rules that train alike.
        learnt: the architecture.
    """

    def __init__(
        self, architecture: Architecture, batches: Callable[[], Batches], identity: str
    ) -> None:
        """Takes what is moved, and makes the batches that it is moved on.

        Args:
            architecture: that has not moved, or is restored before the first step.
            batches: of the images of the logits.
            identity: of settings and budgets.
        """
        self.learnt, self._batches = architecture, batches()
        self.identity = identity

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

        def loss(weights: list[Tensor]) -> Tensor:
            images, labels = self._batches.inputs(architecture.step)
            logits = module(images.to(inputs.device), weights)
            return functional.cross_entropy(logits, labels.to(inputs.device))

        def learn() -> Tensor:
            architecture.advance(None if architecture.waits else loss, noise)
            mixes = architecture.gradient.name == "softmax"
            weights = architecture.mixture() if mixes else architecture.drawn(noise)
            logits = module(inputs, weights)
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
    logits, weights = np.sort(order[:count]), np.sort(order[count:])
    return tuple(  # type: ignore[return-value]
        Split(split.images[chosen], split.labels[chosen]) for chosen in (weights, logits)
    )
