"""What a rule of trainings may learn beside weights; and Paths: what draws sub-networks."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hwnas.spaces import Architectures, Space


class Learnt(Protocol):
    """What is learnt in a training beside the weights, and is kept with them.

    It tells all of its memory by `state`: that lies in the checkpoint, so that a training that was
    killed goes on as if it had not been.
    """

    def end_epoch(self, epoch: int, epochs: int) -> None:
        """Called after each epoch: so many are done, of so many."""

    @property
    def state(self) -> dict[str, NDArray[Any]]:
        """Named arrays that `restore` goes on from."""

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Goes on from a state.

        Raises:
            HwnasError: it is of something else.
        """

    @property
    def outcome(self) -> dict[str, NDArray[Any]]:
        """Named arrays that stay with the weights of a training that has ended."""

    @property
    def shown(self) -> Mapping[str, float]:
        """Values by name for the log of the training."""


class Paths(Learnt, Protocol):
    """Draws the random paths of every step.

    In a training of several processes each has one, and all are told the same, hence draw the same.
    """

    @property
    def identity(self) -> str:
        """Equal exactly for what draws alike; a checkpoint belongs to it; "" for `UniformPaths`."""

    @property
    def judged(self) -> int:
        """How many paths it is told the validation accuracies of after every epoch; 0 for none."""

    def draw(self, count: int, resolution: int, generator: np.random.Generator) -> Architectures:
        """(count, L) canonical architectures.

        Args:
            count: how many.
            resolution: of the images, in pixels.
            generator: random numbers that follow from seed and step alone.
        """

    def learn_losses(self, paths: Architectures, losses: NDArray[np.float64]) -> None:
        """Takes the losses (N,) of the paths (N, L) of a step, means over the processes."""

    def learn_accuracies(self, paths: Architectures, accuracies: NDArray[np.float64]) -> None:
        """Takes the validation accuracies (N,), in percent, of paths (N, L) after an epoch."""


class UniformPaths:
    """As the space samples them; nothing is learnt (Guo et al. 2020, arXiv 1904.00420)."""

    identity = ""
    judged = 0

    def __init__(self, space: Space) -> None:
        """Takes the space of the supernet."""
        self._space = space

    def draw(self, count: int, resolution: int, generator: np.random.Generator) -> Architectures:
        """(count, L) as `space.sample` draws them at a resolution."""
        return self._space.sample(generator, count, resolution=resolution)

    def learn_losses(self, paths: Architectures, losses: NDArray[np.float64]) -> None:
        """Nothing."""

    def learn_accuracies(self, paths: Architectures, accuracies: NDArray[np.float64]) -> None:
        """Nothing."""

    def end_epoch(self, epoch: int, epochs: int) -> None:
        """Nothing."""

    @property
    def state(self) -> dict[str, NDArray[Any]]:
        """Nothing."""
        return {}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Nothing."""

    @property
    def outcome(self) -> dict[str, NDArray[Any]]:
        """Nothing."""
        return {}

    @property
    def shown(self) -> dict[str, float]:
        """Nothing."""
        return {}
