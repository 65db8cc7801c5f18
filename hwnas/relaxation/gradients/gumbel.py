"""Gumbel-softmax: the gradient of a relaxed sample (arXiv 1611.01144, 1611.00712)."""

from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.relaxation.gradients.estimator import GradientEstimator, Step


class GumbelSettings(StrictModel):
    """How far samples are from networks.

    Attributes:
        start: the temperature of the first step.
        end: that of the last; in between it falls by the same factor every step. The defaults are
            about those of FBNet (arXiv 1812.03443).
        hard: straight-through: the loss is of a network, the gradient as if it were the relaxed
            sample of the same noise.
    """

    start: Annotated[float, Field(gt=0, le=1000)] = 5.0
    end: Annotated[float, Field(gt=0, le=1000)] = 0.1
    hard: bool = False


class Gumbel(GradientEstimator):
    """The choices of each slot are weighted by a softmax of logits with Gumbel noise.

    The lower the temperature, the nearer to a network, the less bias and the more variance. All
    choices are computed, with `hard`, too: the gradient of a weight of 0 is that of its choice.
    """

    name: ClassVar[str] = "gumbel"
    one_path: ClassVar[bool] = False
    settings_model: ClassVar[type[StrictModel]] = GumbelSettings
    settings: GumbelSettings

    def temperature(self, progress: float) -> float:
        """Of a sample after a share of the training."""
        start, end = self.settings.start, self.settings.end
        return start * float((end / start) ** progress)

    @override
    def backward(self, step: Step) -> Tensor:
        noisy = self.chain.perturbed(self.scores(step), step.generator)
        mixed = self.chain.spread(noisy / self.temperature(step.progress))
        if self.settings.hard:
            # In this order the weights are 0 and 1 without rounding.
            mixed = self.chain.one_hot(self.chain.walk(noisy.detach())) + (mixed - mixed.detach())
        return self.descend(step, self.loss_of(step, mixed), step.parameters)
