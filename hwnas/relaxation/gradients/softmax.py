"""The gradient of the mixture itself: every choice weighs as much as it is probable (DARTS)."""

from typing import ClassVar

import torch
from torch import Tensor
from typing_extensions import override

from hwnas.relaxation.chain import Logits
from hwnas.relaxation.gradients.estimator import GradientEstimator, Loss


class Softmax(GradientEstimator):
    """The loss of the mean of all networks, not their mean loss: without noise, and biased.

    As DARTS (arXiv 1806.09055) mixes choices. All of them are computed.
    """

    name: ClassVar[str] = "softmax"
    one_path: ClassVar[bool] = False

    @override
    def backward(
        self,
        logits: Logits,
        loss: Loss,
        generator: torch.Generator,
        progress: float = 0.0,
        parameters: bool = False,
    ) -> Tensor:
        spread = self.chain.spread(self.chain.padded(logits))
        return self.descend(loss(self.weights(spread, logits)), logits, parameters)
