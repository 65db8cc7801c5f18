"""Accuracy of a network on a split."""

import numpy as np
import torch
from numpy.typing import NDArray

from hwnas.data.dataset import Split
from hwnas.data.preprocessing import to_input
from hwnas.networks.modules import NetworkModule
from hwnas.training.placement import device_of


def accuracy(network: NetworkModule, split: Split, batch: int = 256) -> float:
    """Share of the images whose largest logit is their label, in percent; see `right`."""
    return 100.0 * float(right(network, split, batch).mean())


def right(network: NetworkModule, split: Split, batch: int = 256) -> NDArray[np.bool_]:
    """(N,) whether the largest logit of each image is its label.

    Runs in evaluation mode, and leaves the network in it; where its weights are.
    """
    network.eval()
    device = device_of(network)
    predicted = []
    with torch.inference_mode():
        for start in range(0, len(split), batch):
            logits = network(to_input(split.images[start : start + batch]).to(device))
            predicted.append(logits.argmax(1).cpu().numpy())
    found: NDArray[np.bool_] = np.concatenate(predicted) == split.labels
    return found
