"""Accuracy of a network on a split."""

import numpy as np
import torch

from hwnas.data.dataset import Split
from hwnas.data.preprocessing import to_input
from hwnas.supernet.modules import NetworkModule
from hwnas.supernet.placement import device_of


def accuracy(network: NetworkModule, split: Split, batch: int = 256) -> float:
    """Share of the images whose largest logit is their label, in percent.

    Runs in evaluation mode, and leaves the network in it; where its weights are.
    """
    network.eval()
    device = device_of(network)
    right = 0
    with torch.inference_mode():
        for start in range(0, len(split), batch):
            logits = network(to_input(split.images[start : start + batch]).to(device))
            predicted = logits.argmax(1).cpu().numpy()
            right += int(np.sum(predicted == split.labels[start : start + batch]))
    return 100.0 * right / len(split)
