"""Accuracy of a network on a split."""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray

from hwnas.data.dataset import Images, Split
from hwnas.networks.inference import FoldedNetwork, running_statistics, weighted_blocks
from hwnas.networks.modules import NetworkModule
from hwnas.networks.norm_statistics import norm_statistics
from hwnas.training.inputs import Inputs, in_order, recalibration_batch, suitable_batch
from hwnas.training.placement import device_of
from hwnas.training.recalibration import mixed_batches


def accuracy(network: NetworkModule, split: Split, batch: int | None = None) -> float:
    """Share of the images whose largest logit is their label, in percent; see `right`."""
    return 100.0 * float(right(network, split, batch).mean())


def right(network: NetworkModule, split: Split, batch: int | None = None) -> NDArray[np.bool_]:
    """(N,) whether the largest logit of each image is its label.

    Runs in evaluation mode, and leaves the network in it; where its weights are. In batches of at
    most so many images, or as suits the network.
    """
    with torch.inference_mode():
        predicted = predictions(*_ready(network, split, batch))
    found: NDArray[np.bool_] = predicted == split.labels
    return found


def probabilities(
    network: NetworkModule, split: Split, batch: int | None = None
) -> NDArray[np.float64]:
    """(N, classes) the probability of each class for each image, as `right` runs the network."""
    with torch.inference_mode():
        folded, batches = _ready(network, split, batch)
        found = torch.cat([folded(x).softmax(1).cpu() for x in batches])
    rows: NDArray[np.float64] = found.double().numpy()
    return rows


def _ready(network: NetworkModule, split: Split, batch: int | None) -> tuple[FoldedNetwork, Inputs]:
    """A network, left in evaluation mode, and its images in batches; in inference mode."""
    network.eval()
    device, most = device_of(network), batch or suitable_batch(network.blocks)
    folded = FoldedNetwork(weighted_blocks(network.path, device), running_statistics(network))
    return folded, in_order(split.images, device, most, network.conventions)


def recalibrated_accuracy(network: NetworkModule, split: Split, images: Images) -> float:
    """The same with the statistics that batch norms have of some training images (N, 3, R, R).

    Leaves the network as it is, in training mode or not.
    """
    device, conventions = device_of(network), network.conventions
    few = mixed_batches(images, device, recalibration_batch(network.blocks), conventions)
    batches = in_order(split.images, device, suitable_batch(network.blocks), conventions)
    with torch.inference_mode():
        blocks = weighted_blocks(network.path, device)
        predicted = predictions(FoldedNetwork(blocks, norm_statistics(blocks, few)), batches)
    return 100.0 * float((predicted == split.labels).mean())


def predictions(network: FoldedNetwork, batches: Iterable[torch.Tensor]) -> NDArray[np.int64]:
    """(N,) the index of the largest logit of each image, in inference mode."""
    return np.concatenate([network(x).argmax(1).cpu().numpy() for x in batches])
