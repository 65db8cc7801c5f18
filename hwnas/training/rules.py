"""Rules: what is trained in one step, and towards what.

A rule is one function here (or in a file of its own); `hwnas.training.trainer` runs it. It gives
the passes of a step, and each pass runs the module once and returns its loss. A step's gradient is
the sum of those of its passes, so that only one pass's activations are in memory at a time.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from hwnas.spaces import Architectures, Space
from hwnas.spaces.extremes import largest, smallest
from hwnas.training.paths import Learnt, Paths, UniformPaths
from hwnas.training.train_config import RANDOM_PATHS, TrainConfig

Pass = Callable[[], Tensor]
"""Runs forward once and returns the loss, a scalar whose gradient is wanted."""


class Rule(Protocol):
    """The passes of a step."""

    @property
    def identity(self) -> str:
        """Equal exactly for rules that train alike; a checkpoint belongs to it."""

    @property
    def learnt(self) -> Learnt | None:
        """What it learns beside the weights; None where that is nothing."""

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
    learnt = None

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
        return [lambda: functional.cross_entropy(module(inputs), target, label_smoothing=smoothing)]


class PathRule(ABC):
    """What rules of supernets share: the last passes of a step are of paths that are drawn.

    Attributes:
        identity: see `Rule`.
        drawn_by: draws them, and is told their losses.
    """

    def __init__(self, space: Space, count: int, identity: str, drawn_by: Paths | None) -> None:
        """Takes the space, how many paths a step has, and what draws them; None for uniform."""
        self.drawn_by: Paths = UniformPaths(space) if drawn_by is None else drawn_by
        by = self.drawn_by.identity
        self.identity = f"{identity}, paths by {by}" if by else identity
        self._space, self._count = space, count
        self._drawn: Architectures = np.zeros((0, len(space.choice_counts)), dtype=np.int64)

    @property
    def learnt(self) -> Learnt:
        """By what draws the paths."""
        return self.drawn_by

    @abstractmethod
    def passes(
        self,
        module: torch.nn.Module,
        inputs: Tensor,
        target: Tensor,
        generator: np.random.Generator,
        smoothing: float,
    ) -> Sequence[Pass]:
        """Those of the paths that `_draw` gives come last; see `Rule`."""

    def _draw(self, inputs: Tensor, generator: np.random.Generator) -> Architectures:
        """(N, L) the paths of a step with some inputs."""
        resolution = _resolution(self._space, inputs)
        self._drawn = self.drawn_by.draw(self._count, resolution, generator)
        return self._drawn

    def learn(self, losses: Sequence[float]) -> None:
        """Takes the losses of the passes that were given last, means over the processes."""
        of_paths = np.array(losses[len(losses) - len(self._drawn) :], dtype=np.float64)
        self.drawn_by.learn_losses(self._drawn, of_paths)


class SinglePath(PathRule):
    """A random path a step (Guo et al. 2020, arXiv 1904.00420), as `space.sample` draws them.

    With more paths, each is a pass of the same batch. In a family of spaces each path is of a
    random member among those of the batch's resolution.
    """

    def __init__(self, space: Space, paths: int = 1, drawn_by: Paths | None = None) -> None:
        identity = "single path" if paths == 1 else f"{paths} paths"
        super().__init__(space, paths, identity, drawn_by)

    def passes(
        self,
        module: torch.nn.Module,
        inputs: Tensor,
        target: Tensor,
        generator: np.random.Generator,
        smoothing: float,
    ) -> Sequence[Pass]:
        """A pass through each random path."""

        def run(architecture: Architectures) -> Tensor:
            logits = module(inputs, architecture)
            return functional.cross_entropy(logits, target, label_smoothing=smoothing)

        return [partial(run, row) for row in self._draw(inputs, generator)]


class Sandwich(PathRule):
    """A teacher, the smallest network and random ones, which learn from the teacher.

    The sandwich rule with in-place distillation (Yu et al. 2020, BigNAS, arXiv 2003.11142): the
    teacher learns the labels, the others its probabilities of the same step, without labels or
    smoothing. It is the largest network, or the one that the supernet was made around. In a family
    of spaces all are of the batch's resolution: the largest, the smallest and the random ones among
    all widths, and the teacher that was made around at its own width.
    """

    def __init__(
        self,
        space: Space,
        random_paths: int = 2,
        teacher: Architectures | None = None,
        drawn_by: Paths | None = None,
    ) -> None:
        self._smallest = {each: smallest(space, resolution=each) for each in space.resolutions}
        identity = f"sandwich with {random_paths} paths"
        if teacher is None:
            self._teacher = {each: largest(space, resolution=each) for each in space.resolutions}
        else:
            row = space.canonical(teacher)[0]
            self._teacher = {each: _at(space, row, each) for each in space.resolutions}
            identity += f", taught by {' '.join(map(str, row))}"
        super().__init__(space, random_paths, identity, drawn_by)

    def passes(
        self,
        module: torch.nn.Module,
        inputs: Tensor,
        target: Tensor,
        generator: np.random.Generator,
        smoothing: float,
    ) -> Sequence[Pass]:
        """The teacher's pass, which must run first, and those of its students."""
        taught: list[Tensor] = []
        resolution = _resolution(self._space, inputs)

        def teach() -> Tensor:
            logits = module(inputs, self._teacher[resolution])
            taught.append(logits.detach().float().softmax(1))
            return functional.cross_entropy(logits, target, label_smoothing=smoothing)

        def learn(architecture: Architectures) -> Tensor:
            return functional.cross_entropy(module(inputs, architecture), taught[0])

        students = [self._smallest[resolution], *self._draw(inputs, generator)]
        return [teach, *(partial(learn, row) for row in students)]


def supernet_rule(
    config: TrainConfig,
    space: Space,
    teacher: Architectures | None = None,
    drawn_by: Paths | None = None,
) -> PathRule:
    """The rule that a config names.

    Args:
        config: of the training.
        space: of the supernet.
        teacher: (L,) the network that a sandwich is taught by; None for the largest.
        drawn_by: draws the random paths; None for uniform.
    """
    if config.rule == "sandwich":
        return Sandwich(space, paths_of_step(config), teacher, drawn_by)
    return SinglePath(space, paths_of_step(config), drawn_by)


def paths_of_step(config: TrainConfig) -> int:
    """How many random paths a step has."""
    return config.random_paths or RANDOM_PATHS[config.rule]


def _resolution(space: Space, inputs: Tensor) -> int:
    """Whose networks a batch is for; a space of one resolution takes what it is given."""
    return inputs.shape[-1] if len(space.resolutions) > 1 else space.largest_resolution


def _at(space: Space, architecture: Architectures, resolution: int) -> Architectures:
    """A network of a space at another of its resolutions, with the same width and choices.

    Raises:
        ValueError: no member has both the resolution and the width.
    """
    member, row = space.of_member(architecture)
    for number in space.at(resolution):
        if space.members[number].width == member.width:
            found: Architectures = space.rows_of(number, row)[0]
            return found
    raise ValueError(f"{space.name} has no width {member.width:g} at {resolution} pixels")
