"""Batch norm statistics of a sub-network, computed anew before it is judged."""

import numpy as np
import torch

from hwnas.data.dataset import Images
from hwnas.data.preprocessing import to_input
from hwnas.networks.modules import MOMENTUM, BatchNorm, NetworkModule
from hwnas.training.placement import device_of


def recalibrate(network: NetworkModule, images: Images, batch: int = 128) -> None:
    """Replaces every batch norm's statistics by their means over batches of images.

    The statistics that a sub-network inherits were averaged over other paths; without this step
    its accuracy says little (Guo et al. 2020, arXiv 1904.00420, section 3.4). Leaves the network
    in evaluation mode.

    Args:
        network: is changed in place; its weights are not. Runs where they are.
        images: (N, 3, R, R) training images, at least 2, without augmentation, in any order.
        batch: images in a batch; a remainder is spread over the batches.
    """
    # Images often come class by class; a batch of one class has too little variance.
    mixed = np.random.default_rng(0).permutation(len(images))
    norms = [module for module in network.modules() if isinstance(module, BatchNorm)]
    device = device_of(network)
    network.train()
    with torch.no_grad():
        batches = np.array_split(mixed, max(1, len(mixed) // max(2, batch)))
        for number, part in enumerate(batches, start=1):
            for norm in norms:
                norm.momentum = 1 / number  # makes the running mean the mean over all batches
            network(to_input(images[part]).to(device))
    for norm in norms:
        norm.momentum = MOMENTUM
    network.eval()
