"""The gradient of the mixture itself: every choice weighs as much as it is probable (DARTS)."""

from typing import ClassVar

from torch import Tensor
from typing_extensions import override

from hwnas.relaxation.gradients.estimator import GradientEstimator, Step


class Softmax(GradientEstimator):
    """The loss of the mean of all networks, not their mean loss: without noise, and biased.

    As DARTS (arXiv 1806.09055) mixes choices. All of them are computed.
    """

    name: ClassVar[str] = "softmax"
    one_path: ClassVar[bool] = False
    of_mixture: ClassVar[bool] = True

    @override
    def backward(self, step: Step) -> Tensor:
        found = self.loss_of(step, self.chain.spread(self.scores(step)))
        return self.descend(step, found, step.parameters)
