"""The score function: REINFORCE (Williams 1992) with a moving average as its baseline."""

from typing import ClassVar

import torch
from torch import Tensor
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.relaxation.gradients.estimator import GradientEstimator, Step
from hwnas.relaxation.gradients.moving_average import MemorySettings, MovingAverage


class ScoreFunction(GradientEstimator):
    """(loss - baseline) · ∇ log probability of a network that is drawn; unbiased, one path.

    The baseline is the moving average of the losses before. The first loss only sets it, and moves
    nothing.
    """

    name: ClassVar[str] = "score_function"
    one_path: ClassVar[bool] = True
    settings_model: ClassVar[type[StrictModel]] = MemorySettings
    settings: MemorySettings

    @override
    def prepare(self) -> None:
        self._average = MovingAverage(self.learnt, self.settings.memory)

    @override
    def backward(self, step: Step) -> Tensor:
        with torch.no_grad():
            rows = self.chain.walk(self.chain.perturbed(self.scores(step), step.generator))
        found = self.judged(step, rows)
        losses, baseline = found.double(), self._average.mean()
        self._average.add(losses)
        above = losses - (losses if baseline is None else baseline)
        self.descend(step, above * self.chain.log_probability(step.logits, rows))
        return found
