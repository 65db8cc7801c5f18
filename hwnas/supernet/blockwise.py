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

from hwnas.networks.blocks import Block, Skip
from hwnas.networks.modules import BlockModule
from hwnas.networks.trainable import Trainable
from hwnas.spaces import Architectures, SearchSpace
from hwnas.spaces.stages import StageSpace
from hwnas.supernet.supernet import Supernet
from hwnas.supernet.teacher import Teacher
from hwnas.training.rules import Pass
from hwnas.training.train_config import TrainConfig

# Relative errors have smaller gradients than a cross-entropy: 0.4 to 1 learned more and ranked
# better than 0.1, see docs/benchmarks/ranking.md.
_RATE = 5.0


class StageStudent(Trainable):
    """A supernet whose stages run on their own; the first one has the prefix, none the head."""

    def __init__(self, space: SearchSpace, seed: int = 0) -> None:
        super().__init__()
        self.stages = StageSpace(space)
        self.supernet = Supernet(space, seed)
        self._modules_of = _modules_of(self.supernet)
        suffix = self.supernet.path(space.choice_counts - 1)[-len(space.suffix) :]
        for module, _ in suffix:
            module.requires_grad_(False)

    @property
    def identity(self) -> str:
        """A text that is equal exactly for students of equal spaces."""
        return f"stages of {self.supernet.identity}"

    @property
    def classes(self) -> int:
        """Of the labels, which are not learned here."""
        return self.stages.space.classes

    def forward(self, x: Tensor, stage: int, path: Architectures) -> Tensor:
        """What is before a stage through a path of it → the features behind it.

        Args:
            x: images (N, 3, R, R) for stage 0, else the features behind the stage before.
            stage: which.
            path: (slots of the stage,) choices.
        """
        if stage == 0:
            x = self.prefix(x)
        for slot, choice in enumerate(path.tolist(), start=self.stages.slots[stage].start):
            x = self.block(slot, choice, x)
        return x

    def prefix(self, x: Tensor) -> Tensor:
        """Images (N, 3, R, R) through the fixed blocks before the first slot."""
        space = self.stages.space
        for module, block in self.supernet.path(space.choice_counts - 1)[: len(space.prefix)]:
            x = module(x, block)
        return x

    def block(self, slot: int, choice: int, x: Tensor) -> Tensor:
        """Features through one choice of a slot; a skip gives the same tensor."""
        found = self._modules_of[slot][choice]
        if found is None:
            return x
        module, block = found
        result: Tensor = module(x, block)
        return result


class Blockwise:
    """The rule of block-wise distillation: a random path of every stage a step.

    A stage's loss is the squared error of its features, relative to the variance of the teacher's,
    which makes stages alike in scale. The teacher runs once a step, in evaluation mode.
    """

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


def _modules_of(supernet: Supernet) -> list[list[tuple[BlockModule, Block] | None]]:
    """Where the weights of every choice of every slot are; None for a skip."""
    space = supernet.space
    found: list[list[tuple[BlockModule, Block] | None]] = []
    for slot, choices in enumerate(space.slots):
        found.append([])
        for choice, block in enumerate(choices.choices):
            row = space.choice_counts - 1  # without skips block and slot have the same place
            row[slot] = choice
            place = len(space.prefix) + slot
            found[-1].append(None if isinstance(block, Skip) else supernet.path(row)[place])
    return found
