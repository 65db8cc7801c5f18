"""Gates: a logit for every group of channels, which is learnt like the logits of choices.

FiGS (Ghebremichael et al. 2020, arXiv 2006.09581), and pruning for transfer with two temperatures
(Colombo and Gao 2021, arXiv 2107.03375), on groups of expanded channels.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from hwnas.relaxation.gradients import Loss
from hwnas.relaxation.learnt_logits import LearntLogits
from hwnas.relaxation.open_gates import choice_log_probabilities
from hwnas.relaxation.settings import GateSettings
from hwnas.search.problem import SearchProblem
from hwnas.spaces import SearchSpace
from hwnas.spaces.gate_groups import GateGroups, gate_groups

GATE_VALUES = "gate_values"
"""The name, in what a training leaves, of the values of all choices in a row."""


class Gates(LearntLogits):
    """Logits of gates, each open with the probability sigmoid(logit): L leaves (gates,).

    A network has the choice of as many groups as there are open gates. A slot that can be skipped
    is skipped when all its gates are shut, and so are those behind it that are interchangeable
    with it, as in the canonical architectures.

    Attributes:
        groups: of each slot.
    """

    def __init__(
        self, space: SearchSpace, problem: SearchProblem, settings: GateSettings, steps: int
    ) -> None:
        """Begins with all gates alike.

        Args:
            space: of the problem.
            problem: see `LearntLogits`.
            settings: of the gates.
            steps: of the whole training.

        Raises:
            ConfigError: the space has slots without gates; or see `LearntLogits`.
            BudgetError: see `LearntLogits`.
        """
        self.groups = gate_groups(space)
        first = settings.first
        logits = [torch.full((one.gates,), first, dtype=torch.float64) for one in self.groups]
        super().__init__(problem, settings, steps, logits)
        self._settings = settings
        self._behind = {slot for start, end in space.groups for slot in range(start + 1, end)}

    @property
    @override
    def choice_logits(self) -> list[Tensor]:
        return choice_log_probabilities(self.groups, self.logits)

    @property
    @override
    def values(self) -> list[NDArray[np.float64]]:
        return choice_values(self.groups, [one.detach().numpy() for one in self.logits])

    @override
    def shares(self, generator: torch.Generator) -> list[Tensor]:
        with torch.no_grad():
            return self.drawn(generator)

    def drawn(self, generator: torch.Generator) -> list[Tensor]:
        """L tensors (gates,): how far each is open, with the gradient of the logits."""
        found: list[Tensor] = []
        for slot, logits in enumerate(self.logits):
            gates = self._sampled(logits, generator)
            if slot in self._behind:
                before = found[-1]
                gates = gates * (1 - (1 - before).prod())
            found.append(gates)
        return found

    def _sampled(self, logits: Tensor, generator: torch.Generator) -> Tensor:
        settings, noisy = self._settings, logits
        if settings.noise:
            uniform = torch.rand(logits.shape, generator=generator, dtype=torch.float64)
            noisy = logits + torch.logit(uniform, eps=1e-12)
        forward, gradient = settings.temperature, settings.gradient_temperature
        if gradient is None:
            return torch.sigmoid(noisy / forward)
        soft = torch.sigmoid(noisy / gradient)
        with torch.no_grad():
            value = torch.sigmoid(noisy / forward) if forward else (noisy > 0).double()
            away = value - soft
        # Where soft + (value - soft) is rounded, 0 would not be 0.
        return torch.where(value == 0, soft - soft.detach(), soft + away)

    @override
    def _backward(self, loss: Loss, generator: torch.Generator, progress: float) -> Tensor:
        del progress
        found = loss(self.drawn(generator))
        torch.autograd.backward([found], inputs=self.logits)
        return torch.zeros((), dtype=torch.float64)

    @property
    @override
    def outcome(self) -> dict[str, NDArray[Any]]:
        return {**super().outcome, GATE_VALUES: np.concatenate(self.values)}


def choice_values(
    groups: Sequence[GateGroups], logits: Sequence[NDArray[np.float64]]
) -> list[NDArray[np.float64]]:
    """L arrays (C,): a choice of k open gates has the sum of the k largest logits of its slot.

    So the best choice has exactly those with a logit above 0, where it may. Groups that are always
    there add nothing, and a slot that is skipped has 0.
    """
    found = []
    for slot, row in zip(groups, logits, strict=True):
        sums = np.concatenate(([0.0], np.cumsum(np.sort(row)[::-1])))
        found.append(sums[[max(0, n - slot.always) for n in slot.living]])
    return found
