"""A moving average of losses, whose state is two tensors."""

from collections.abc import MutableMapping
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from hwnas.core.configs import StrictModel


class MemorySettings(StrictModel):
    """How long losses are remembered.

    Attributes:
        memory: the share of the average that stays in a step.
    """

    memory: Annotated[float, Field(ge=0, lt=1)] = 0.95


class MovingAverage:
    """Weights a loss the less the older it is, and the first ones as if there had been others.

    Taken from a loss before that is multiplied with ∇ log probability, a number that does not
    depend on the present sample changes the variance and not the mean.
    """

    def __init__(self, learnt: MutableMapping[str, Tensor], memory: float) -> None:
        """Takes where its state is kept, and the share that stays in a step."""
        learnt["losses"] = torch.zeros((), dtype=torch.float64)
        learnt["remembered"] = torch.zeros((), dtype=torch.float64)
        self._learnt, self._memory = learnt, memory

    def mean(self) -> float | None:
        """Of the losses so far; None before the first."""
        remembered = float(self._learnt["remembered"])
        return float(self._learnt["losses"]) / remembered if remembered else None

    def add(self, losses: Tensor) -> None:
        """Learns the mean of losses (...)."""
        for name, one in (("losses", float(losses.mean())), ("remembered", 1.0)):
            self._learnt[name].mul_(self._memory).add_((1 - self._memory) * one)
