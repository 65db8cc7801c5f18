"""Saliencies of choices by what they change of the loss on a few images."""

import math
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hwnas.data import to_input
from hwnas.data.dataset import Split
from hwnas.estimators.free_darts.saliency import equal_weights, shares
from hwnas.supernet.mixing import MixingSupernet

LossForm = Literal["snip", "grasp"]

MEMORY = 2**31
"""Bytes that what all choices compute may take: of more images batches are made."""

_LEAST = 2  # images of a batch: batch norm has no variance of one pixel
_STEP = 0.01  # of all α together, as in DARTS


def loss_saliencies(
    mixing: MixingSupernet, images: Split, form: LossForm, *, memory: float = MEMORY
) -> list[NDArray[np.float64]]:
    """L arrays (C,): what each choice changes of the loss, as `shares`.

    The loss is the cross-entropy of a mixture of all choices with initial weights, every choice of
    a slot weighted by α = 1/C, with g = ∂L/∂α and H = ∂g/∂α:

    - `snip` (Lee et al. 2019, arXiv 1810.02340): |α · g|, how much the loss changes, of first
      order, when the choice is taken away. Summed over a network's choices it is the part of all
      sensitivity that the network holds.
    - `grasp` (Wang et al. 2020, arXiv 2002.07376): α · (H g), half of what |g|², by which the loss
      falls in a step of training, loses, of first order, when the choice is taken away; it may be
      negative. GraSP takes away what has the greatest −α · (H g), and FreeDARTS' code keeps the
      greatest α · (H g), too. As in DARTS (Liu et al. 2019, arXiv 1806.09055) H g is the difference
      of two gradients, a short way along g and against it: PyTorch cannot differentiate those of
      hard-sigmoids.

    Batches whose activations would take more than `memory` are split, each with batch norms of its
    own, which changes the figures a little.

    Args:
        mixing: of one resolution and one width; its weights are trained no more.
        images: of that resolution, two or more.
        form: which saliency.
        memory: bytes.
    """
    mixing.train().requires_grad_(False)
    split = list(batches(images, int(memory // mixing.image_bytes)))
    counts, dtype = mixing.supernet.space.choice_counts.tolist(), next(mixing.parameters()).dtype
    weights = equal_weights(counts, dtype)
    first = _gradients(mixing, split, weights)
    if form == "snip":
        return shares(weights, [one.abs() for one in first])
    norm = float(torch.cat(first).norm()) or 1.0
    ahead, behind = (
        _gradients(mixing, split, _moved(weights, first, step / norm)) for step in (_STEP, -_STEP)
    )
    return shares(weights, [one - other for one, other in zip(ahead, behind, strict=True)])


def _gradients(
    mixing: MixingSupernet, split: Sequence[Split], weights: Sequence[Tensor]
) -> list[Tensor]:
    """L tensors (C,): those of the mean loss of all images, with respect to the weights."""
    found = [torch.zeros_like(one) for one in weights]
    for batch in split:
        logits = mixing(to_input(batch.images).to(weights[0].dtype), weights)
        loss = functional.cross_entropy(logits, torch.from_numpy(batch.labels), reduction="sum")
        own = torch.autograd.grad(loss, weights)
        found = [total + one for total, one in zip(found, own, strict=True)]
    images = sum(map(len, split))
    return [one / images for one in found]


def _moved(weights: Sequence[Tensor], along: Sequence[Tensor], step: float) -> list[Tensor]:
    return [
        (weight.detach() + step * one).requires_grad_(True)
        for weight, one in zip(weights, along, strict=True)
    ]


def batches(images: Split, most: int) -> Iterator[Split]:
    """Batches of about equal size, of at most so many images, or of two."""
    number = max(1, min(math.ceil(len(images) / max(most, 1)), len(images) // _LEAST))
    for places in np.array_split(np.arange(len(images)), number):
        yield images.at(places)
