"""Batch norm statistics of a sub-network, computed anew before it is judged."""

import numpy as np
import torch

from hwnas.data.dataset import Images
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.networks.inference import weighted_blocks
from hwnas.networks.modules import NetworkModule
from hwnas.networks.norm_statistics import norm_statistics
from hwnas.training.inputs import Inputs, recalibration_batch
from hwnas.training.placement import device_of


def recalibrate(network: NetworkModule, images: Images, batch: int | None = None) -> None:
    """Replaces every batch norm's statistics by their means over batches of images.

    The statistics that a sub-network inherits were averaged over other paths; without this step
    its accuracy says little (Guo et al. 2020, arXiv 1904.00420, section 3.4). Leaves the network
    in evaluation mode.

    Args:
        network: is changed in place; its weights are not. Runs where they are.
        images: (N, 3, R, R) training images, at least 2, without augmentation, in any order.
        batch: images in a batch, or as suits the network; a remainder is spread over the batches.
    """
    device, path = device_of(network), network.path
    size = batch or recalibration_batch(network.blocks)
    with torch.inference_mode():
        blocks = weighted_blocks(path, device)
        statistics = norm_statistics(
            blocks, mixed_batches(images, device, size, network.conventions)
        )
    for (index, name), (mean, variance) in statistics.items():
        norm = path[index][0].layer(name).norm
        assert norm is not None
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
    network.eval()


def mixed_batches(
    images: Images, device: torch.device, batch: int, conventions: Conventions = USUAL
) -> Inputs:
    """The batches that `recalibrate` takes of images (N, 3, R, R)."""
    # Images often come class by class; a batch of one class has too little variance.
    mixed = np.random.default_rng(0).permutation(len(images))
    batches = np.array_split(mixed, max(1, len(mixed) // max(2, batch)))
    return Inputs(images, batches, device, conventions)
