"""Proximal descent: exact zeros in the weights of choices, as a lasso asks for them."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

Proximal = Callable[[Sequence[Tensor], float], None]
"""(weights (C,) of each slot, rate): moves them in place, as `Regulariser.proximal` does."""


def soft_threshold(weights: Tensor, threshold: Tensor | float) -> Tensor:
    """The same shape, each value moved towards 0 by a threshold, and not beyond."""
    return weights.sign() * torch.relu(weights.abs() - threshold)


def shrunk_group(weights: Tensor, threshold: float) -> Tensor:
    """A vector (C,) made shorter by a threshold, and 0 where it is no longer than that."""
    length = torch.linalg.vector_norm(weights)
    left = torch.where(length > threshold, 1 - threshold / length, 0.0)
    return weights * left


def sparse_group(weights: Tensor, choice: Tensor | float, slot: float) -> Tensor:
    """The v (C,) of the least ½ ‖v - weights‖² + Σ choice · |v| + slot · ‖v‖.

    Groups that lie within each other are done from the inside out (Jenatton et al. 2011, "Proximal
    methods for hierarchical sparse coding").
    """
    return shrunk_group(soft_threshold(weights, choice), slot)


class ProximalDescent:
    """Accelerated proximal gradient descent, the HAPG of sparse supernet (arXiv 2007.16112).

    A step goes from the weights down their gradient, then comes the proximal step: that is the
    solution. The weights go on from it as far as the momentum's share of what it has moved
    (Nesterov), and the next gradient is taken there. The solution has exact zeros; weights that
    have just become 0 have not.

    Attributes:
        solution: (C,) of each slot by its name; with the weights, all that has to be stored.
    """

    def __init__(
        self, weights: Mapping[str, Tensor], proximal: Proximal, momentum: float = 0.9
    ) -> None:
        """Begins where the weights are.

        Args:
            weights: (C,) of each slot by its name, with gradients before every step.
            proximal: of the regulariser.
            momentum: the share of the last move that is gone further, from 0 to below 1.
        """
        self._weights, self._proximal, self._momentum = dict(weights), proximal, momentum
        self.solution = {name: one.detach().clone() for name, one in weights.items()}

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """One step of a rate; weights without a gradient are moved by the proximal step alone."""
        moved = {
            name: one.clone() if one.grad is None else one - rate * one.grad
            for name, one in self._weights.items()
        }
        self._proximal(list(moved.values()), rate)
        for name, weights in self._weights.items():
            weights.copy_(moved[name] + self._momentum * (moved[name] - self.solution[name]))
            self.solution[name].copy_(moved[name])

    @torch.no_grad()
    def settle(self) -> None:
        """Sets the weights to the solution, to be judged, or at the end."""
        for name, weights in self._weights.items():
            weights.copy_(self.solution[name])
