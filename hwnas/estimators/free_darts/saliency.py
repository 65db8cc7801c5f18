"""Saliencies of choices: what choices weigh at the start, and their shares of what follows."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def equal_weights(counts: Sequence[int], dtype: torch.dtype = torch.float32) -> tuple[Tensor, ...]:
    """L tensors (C,) of 1/C, which take gradients."""
    return tuple(torch.full((one,), 1 / one, dtype=dtype, requires_grad=True) for one in counts)


def shares(weights: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[NDArray[np.float64]]:
    """L arrays (C,): α times what it is given, so that a slot has a sum of 1 on average.

    As in SNIP (Lee et al. 2019, arXiv 1810.02340) saliencies are divided by the sum of the absolute
    values of all, times L here: no scale of the loss or of the initial weights counts, and slots in
    which more is at stake count for more.

    Args:
        weights: L tensors (C,), the α.
        gradients: L tensors (C,), what each is multiplied by.
    """
    found = [
        (weight.detach() * one).double().numpy()
        for weight, one in zip(weights, gradients, strict=True)
    ]
    mean = sum(float(np.abs(one).sum()) for one in found) / len(found)
    return [one / (mean or 1.0) for one in found]
