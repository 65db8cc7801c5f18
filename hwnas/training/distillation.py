"""Distillation: a network learns from one that is trained already, beside the labels."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from hwnas.networks.modules import NetworkModule
from hwnas.training.checkpoint import weights_digest
from hwnas.training.rules import Pass

TEMPERATURE, SHARE = 2.0, 0.9
"""Of both distributions, and of the teacher's part in the loss (the labels have the rest).

On CIFAR-10 a network of EfficientNet-Lite0's 0.35 had 78.4 % with these, 77.6 % at a temperature of
1 and without labels, and 77.5 % without a teacher (docs/benchmarks/results.md).
"""


class Taught:
    """Cross-entropy to labels and to a teacher's probabilities of the same images.

    The temperature softens both distributions, and its square makes up for the smaller gradients
    (Hinton et al. 2015, arXiv 1503.02531). The teacher sees the same crops as its student, scaled
    to its own resolution.
    """

    learnt = None

    def __init__(self, teacher: NetworkModule) -> None:
        """Takes a trained network; it must follow the conventions of the one that is taught.

        Args:
            teacher: is left in evaluation mode, and moved to where the images are.
        """
        self._teacher = teacher.eval()
        self._resolution = teacher.blocks[0].resolution
        weights = weights_digest(teacher.state_dict())
        self.identity = f"taught by {weights}, {SHARE:g} at {TEMPERATURE:g}"

    def passes(
        self,
        module: torch.nn.Module,
        inputs: Tensor,
        target: Tensor,
        generator: np.random.Generator,
        smoothing: float,
    ) -> Sequence[Pass]:
        """The one pass."""
        del generator

        def learn() -> Tensor:
            taught = self._probabilities(inputs)
            logits = module(inputs).float()
            labels = functional.cross_entropy(logits, target, label_smoothing=smoothing)
            towards = functional.cross_entropy(logits / TEMPERATURE, taught)
            return (1 - SHARE) * labels + SHARE * TEMPERATURE**2 * towards

        return [learn]

    @torch.no_grad()
    def _probabilities(self, inputs: Tensor) -> Tensor:
        """(B, classes) the teacher's, softened."""
        if inputs.shape[-1] != self._resolution:
            size = (self._resolution, self._resolution)
            inputs = functional.interpolate(inputs, size, mode="bilinear", antialias=True)
        logits: Tensor = self._teacher.to(inputs.device)(inputs)
        return (logits.float() / TEMPERATURE).softmax(1)
