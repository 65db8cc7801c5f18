"""An estimator for hwnas: how long the gradient of a network is before it is trained.

"Zero-Cost Proxies for Lightweight NAS" (Abdelfattah et al. 2021, arXiv 2101.08134) calls it
grad_norm. A class that names what it needs, and a function of networks, are all of an estimator.

One that gives every choice of every slot a value is shorter still: it sets `free = True`, and
`scores` returns `self.of_values(inputs, values)`. It is then searched exactly.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from hwnas.data import Split, to_input
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import Scores
from hwnas.networks.blocks import Network
from hwnas.networks.modules import NetworkModule


class GradNorm(Estimator):
    """log Σ ‖∂loss/∂w‖ over the weights of a network, for one batch of training images.

    Attributes:
        images: of the batch.
    """

    name = "grad_norm"
    label = "gradient norm"
    unit = "log norm"
    needs_images = True
    seeded = True

    def __init__(self, images: int = 32) -> None:
        """Takes the size of the batch."""
        self.images = images

    def scores(self, inputs: EstimatorInputs) -> Scores:
        """Scores of untrained networks, their weights drawn by the seed."""
        batch = inputs.dataset.train.sample(self.images)

        def evaluate(networks: Sequence[Network]) -> NDArray[np.float64]:
            return np.array([log_norm(one, batch, inputs.seed) for one in networks], dtype=float)

        return self.of_networks(inputs, evaluate, {"batch": str(self.images)})


def log_norm(network: Network, batch: Split, seed: int) -> float:
    """The score of one network."""
    module = NetworkModule(network, seed=seed).train()
    logits = module(to_input(batch.images))
    functional.cross_entropy(logits, torch.from_numpy(batch.labels)).backward()
    norms = [float(one.grad.norm()) for one in module.parameters() if one.grad is not None]
    return math.log(sum(norms))
