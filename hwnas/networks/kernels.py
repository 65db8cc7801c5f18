"""Smaller kernels from the largest one: its centre, as it is or through trained matrices."""

from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional


class KernelTransforms(nn.Module):
    """Matrices between neighbouring kernel sizes, shared by all channels of a depthwise layer.

    The centre of a kernel, flattened, times the matrix is the next smaller kernel, from the largest
    size down (Cai et al. 2020, arXiv 1908.09791, section 3.3). Parameters: `7to5` (25, 25), …. They
    begin as identities, with which each kernel is the centre of the larger one.
    """

    def __init__(self, kernels: Iterable[int]) -> None:
        super().__init__()
        sizes = sorted(set(kernels), reverse=True)
        self._steps = list(pairwise(sizes))
        for larger, smaller in self._steps:
            self.register_parameter(f"{larger}to{smaller}", nn.Parameter(torch.eye(smaller**2)))

    def forward(self, weight: Tensor, kernel: int) -> Tensor:
        """Kernels (C, 1, K, K) of the largest size → (C, 1, kernel, kernel), one of the sizes."""
        for larger, smaller in self._steps:
            if larger <= kernel:
                break
            middle = centre(weight, smaller)
            matrix = self.get_parameter(f"{larger}to{smaller}")
            weight = functional.linear(middle.flatten(2), matrix).reshape(middle.shape)
        return weight


def centre(weight: Tensor, kernel: int) -> Tensor:
    """The middle (…, kernel, kernel) of odd kernels (…, K, K), a view."""
    margin = (weight.shape[-1] - kernel) // 2
    if not margin:
        return weight
    return weight.narrow(-2, margin, kernel).narrow(-1, margin, kernel)
