"""Block-wise distillation: every stage of a supernet learns a teacher's features on its own.

DNA (Li et al. 2020, arXiv 1911.13053). A stage is given what the teacher computes before it and
learns what the teacher computes behind it, hence all stages are trained at the same time, and the
weights of a stage are shared by the paths of that stage alone.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from torch import Tensor, nn
from torch.nn import functional

from hwnas.estimators.blockwise.teacher import Teacher
from hwnas.spaces import Architectures
from hwnas.spaces.stages import StageSpace
from hwnas.training.rules import Pass
from hwnas.training.train_config import TrainConfig

# Relative errors have smaller gradients than a cross-entropy: 0.4 to 1 learned more and ranked
# better than 0.1, see docs/benchmarks/ranking.md.
_RATE = 5.0


class Blockwise:
    """The rule of block-wise distillation: a random path of every stage a step.

    A stage's loss is the squared error of its features, relative to the variance of the teacher's,
    which makes stages alike in scale. The teacher runs once a step, in evaluation mode.
    """

    learnt = None

    def __init__(self, teacher: Teacher) -> None:
        self._teacher = teacher
        self._stages = StageSpace(teacher.space)

    @property
    def identity(self) -> str:
        """Equal exactly for equal teachers."""
        return f"block-wise, teacher {self._teacher.digest}"

    def passes(
        self,
        module: nn.Module,
        inputs: Tensor,
        target: Tensor,
        generator: np.random.Generator,
        smoothing: float,
    ) -> Sequence[Pass]:
        """One pass a stage, the first stage's first; labels are not used."""
        del target, smoothing
        features = [inputs, *self._teacher.features(inputs)]
        row = self._teacher.space.sample(generator, 1)[0]
        return [
            partial(_stage_loss, module, stage, row[slots], features[stage], features[stage + 1])
            for stage, slots in enumerate(self._stages.slots)
        ]


def stage_recipe(config: TrainConfig) -> TrainConfig:
    """A supernet's settings for its stages: a path a step, and a higher rate."""
    changed = {
        "learning_rate": _RATE * config.learning_rate,
        "rule": "single_path",
        "random_paths": None,
    }
    return config.model_copy(update=changed)


def relative_squared_error(found: Tensor, wanted: Tensor) -> Tensor:
    """The mean squared error over the variance of what is wanted: 1 for its mean alone."""
    return functional.mse_loss(found, wanted) / wanted.var()


def relative_error(found: Tensor, wanted: Tensor) -> Tensor:
    """The mean absolute error over the standard deviation of what is wanted."""
    return functional.l1_loss(found, wanted) / wanted.std()


def _stage_loss(
    module: nn.Module, stage: int, path: Architectures, before: Tensor, behind: Tensor
) -> Tensor:
    return relative_squared_error(module(before, stage, path), behind)
