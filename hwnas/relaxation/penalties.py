"""Penalties: what an expected cost beside its budget adds to the loss."""

from abc import ABC, abstractmethod
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor
from typing_extensions import override

from hwnas.core.registry import Registry
from hwnas.relaxation.parts import Part


class Penalty(Part, ABC):
    """A function of an expected cost divided by its budget, so that a weight has no unit.

    Attributes:
        weight: of the penalty in the loss.
        warmup: the share of the training in which the weight grows evenly from 0, so that choices
            are judged before the costly ones go (UNAS, arXiv 1912.07651).
    """

    weight: Annotated[float, Field(ge=0)] = 1.0
    warmup: Annotated[float, Field(ge=0, le=1)] = 0.0

    @abstractmethod
    def of_ratio(self, ratio: Tensor) -> Tensor:
        """The penalty of weight 1 of each ratio of expected cost and budget."""

    def weight_at(self, progress: float) -> float:
        """The weight after a share of the training."""
        return self.weight * min(1.0, progress / self.warmup) if self.warmup else self.weight

    def term(self, expected: Tensor, targets: Tensor, progress: float) -> Tensor:
        """(...) what is added to the loss: the sum over K budgets.

        Args:
            expected: (..., K) costs.
            targets: (K,) their budgets, in the same units; above 0.
            progress: the share of the training that is over.
        """
        ratio = expected / targets.to(expected)
        return self.weight_at(progress) * self.of_ratio(ratio).sum(dim=-1)


class Hinge(Penalty):
    """How far the cost is above the budget; nothing below it (UNAS, arXiv 1912.07651)."""

    name: ClassVar[str] = "hinge"

    @override
    def of_ratio(self, ratio: Tensor) -> Tensor:
        return torch.relu(ratio - 1)


class Linear(Penalty):
    """How far the cost is above the budget; below it a reward.

    Its pull is the same everywhere, so the weight and not the budget decides where the cost ends
    (the form of ProxylessNAS, arXiv 1812.00332, for gradients).
    """

    name: ClassVar[str] = "linear"

    @override
    def of_ratio(self, ratio: Tensor) -> Tensor:
        return ratio - 1


class LogRatio(Penalty):
    """|log(cost / budget)|: towards the budget from both sides, twice as bad as half of it.

    The logarithm of MnasNet's factor (cost / budget)^w of the reward (arXiv 1807.11626). Its sign
    turns at the budget, as that of TuNAS' absolute reward (arXiv 2008.06120) does: without that, a
    penalty of the costly is a reward of the cheap.
    """

    name: ClassVar[str] = "log_ratio"

    @override
    def of_ratio(self, ratio: Tensor) -> Tensor:
        return ratio.log().abs()


PENALTIES: Registry[type[Penalty]] = Registry(
    "penalty", "hwnas.penalties", {one.name: one for one in (Hinge, Linear, LogRatio)}
)
