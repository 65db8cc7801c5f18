"""Architecture: the logits of a space's choices, and all that moves them in a training."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from hwnas.core.part_texts import named
from hwnas.relaxation.chosen_parts import regulariser_of
from hwnas.relaxation.gradients import Loss, Step, make_gradient
from hwnas.relaxation.learnt_logits import LOGITS, SNAPSHOTS, LearntLogits
from hwnas.relaxation.settings import RelaxationSettings
from hwnas.search.problem import SearchProblem

__all__ = ["LOGITS", "SNAPSHOTS", "Architecture"]

_GRADIENT = "gradient/"


class Architecture(LearntLogits):
    """Logits of choices, all 0 at first: L leaves (C,).

    Attributes:
        gradient: estimates theirs.
        settings: of the relaxation.
    """

    def __init__(self, problem: SearchProblem, settings: RelaxationSettings, steps: int) -> None:
        """Begins with all choices of a slot alike; see `LearntLogits`."""
        counts = problem.space.choice_counts.tolist()
        super().__init__(
            problem, settings, steps, [torch.zeros(n, dtype=torch.float64) for n in counts]
        )
        self.settings = settings
        gradient, of_gradient = named(settings.gradient)
        self.gradient = make_gradient(gradient, self.chain, of_gradient)
        self._regulariser = regulariser_of(settings)

    @property
    @override
    def choice_logits(self) -> list[Tensor]:
        return self.logits

    @property
    @override
    def values(self) -> list[NDArray[np.float64]]:
        return [one.detach().numpy().copy() for one in self.logits]

    @override
    def shares(self, generator: torch.Generator) -> list[Tensor]:
        """L tensors (C,): what the weights of networks learn the loss of.

        That is one network that is drawn, in the memory of one, or the mixture where the gradient
        is of it (`GradientEstimator.of_mixture`).
        """
        return self.mixture() if self.gradient.of_mixture else self._drawn(generator)

    def _drawn(self, generator: torch.Generator) -> list[Tensor]:
        row = self.chain.draw(self.logits, generator, 1)
        return self.chain.split(self.chain.one_hot(torch.from_numpy(row))[0])

    @override
    def _backward(self, loss: Loss, generator: torch.Generator, progress: float) -> Tensor:
        self.gradient.backward(Step(self.logits, loss, generator, progress))
        return self._regulariser.term(self.chain, self.logits)

    @property
    @override
    def state(self) -> dict[str, NDArray[Any]]:
        learnt = {_GRADIENT + name: one.numpy() for name, one in self.gradient.learnt.items()}
        return {**super().state, **{name: np.atleast_1d(one) for name, one in learnt.items()}}

    @override
    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        super().restore(state)
        with torch.no_grad():
            for name, one in self.gradient.learnt.items():
                one.copy_(torch.from_numpy(state[_GRADIENT + name]).reshape(one.shape))
