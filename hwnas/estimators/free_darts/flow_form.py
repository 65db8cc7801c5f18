"""Saliencies of choices by the signal that flows through them, without images."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hwnas.estimators.flow import flow, ones, rescaled, without_signs
from hwnas.estimators.free_darts.saliency import equal_weights, shares
from hwnas.networks.blocks import Block
from hwnas.networks.modules import BlockModule
from hwnas.supernet.mixing import MixingSupernet


def flow_saliencies(mixing: MixingSupernet) -> list[NDArray[np.float64]]:
    """L arrays (C,): the share of the signal that flows through each choice; a slot sums to 1.

    The SynFlow form of FreeDARTS (Zhang et al. 2021, arXiv 2106.11542): s = α · ∂R/∂α, where R is
    what comes out of a mixture of all choices for an input of ones, its weights without signs, its
    batch norms left out, every choice of a slot weighted by α = 1/C.

    R is linear in the α of a slot, so that the s of its choices sum to R in every slot: s / R is
    the share of the signal that flows through a choice. It depends on no scale, neither on that of
    the initial weights nor on depth, and is comparable between slots. The paper takes the argmax of
    a slot. Summed over the choices of a network, shares are the part of R that is lost, of first
    order, when just these choices are taken away.

    Args:
        mixing: of one resolution and one width; its weights are changed, and lose their signs.
    """
    supernet = mixing.supernet.double().requires_grad_(False)
    without_signs(supernet)
    space = supernet.space
    weights = equal_weights(space.choice_counts.tolist(), torch.float64)
    x = ones(space.largest_resolution)
    for module, block in supernet.prefix:
        x, _ = rescaled(flow(module, block, x))
    for choices, row in zip(supernet.choices, weights, strict=True):
        x, _ = rescaled(_mixture(x, choices, row))
    for module, block in supernet.suffix:
        x, _ = rescaled(flow(module, block, x))
    return shares(weights, torch.autograd.grad(x.sum(), weights))


def _mixture(
    x: Tensor, choices: Sequence[tuple[BlockModule | None, Block]], weights: Tensor
) -> Tensor:
    """What flows through a slot; through a skip (None) what flows in."""
    total = torch.zeros((), dtype=x.dtype)
    for weight, (module, block) in zip(weights, choices, strict=True):
        total = total + weight * (x if module is None else flow(module, block, x))
    return total
