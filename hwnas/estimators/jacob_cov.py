"""`accuracy.estimator: jacob_cov`: how differently an untrained network answers to images.

The score of Mellor et al. 2020 (arXiv 2006.04647, first version) as "Zero-Cost Proxies for
Lightweight NAS" (Abdelfattah et al. 2021, arXiv 2101.08134) has it under this name. (The later
versions of Mellor et al., NASWOT, compare binary codes of ReLUs instead; a network with hard-swish
has none.)
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from hwnas.data import to_input
from hwnas.data.dataset import Split
from hwnas.estimators.drawn_images import IMAGES, drawn
from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import Scores
from hwnas.networks.blocks import Network
from hwnas.networks.modules import NetworkModule
from hwnas.objectives.objective import Direction

_SMALL = 1e-5


class JacobianEstimator(Estimator):
    """Jacobian covariance, on training images and initial weights of a seed."""

    name = "jacob_cov"
    label = "Jacobian covariance"
    unit = "score"
    needs_images = True
    seeded = True

    @override
    def scores(self, inputs: EstimatorInputs) -> Scores:
        objectives = {
            resolution: JacobianCovariance(inputs.dataset_at(resolution).train, inputs.seed)
            for resolution in inputs.space.resolutions
        }

        def evaluate(networks: Sequence[Network]) -> NDArray[np.float64]:
            own = [objectives[network[0].resolution].evaluate([network]) for network in networks]
            return np.array(own, dtype=np.float64).reshape(len(networks))

        return self.of_networks(inputs, evaluate)


class JacobianCovariance:
    """−Σ (log(λ + ε) + 1 / (λ + ε)) over the eigenvalues λ of a correlation matrix; an Objective.

    Correlated are the gradients of the summed logits with respect to each image of a batch, of a
    network with initial weights and the batch's own batch norm statistics; ε = 1e-5. The less alike
    they are, the greater the score, which is minus the number of images at most.
    """

    name = "jacob_cov"
    unit = "score"
    direction: Direction = "maximize"

    def __init__(self, split: Split, seed: int = 0, images: int = IMAGES) -> None:
        """Takes training images, of which the seed draws some; it is that of the weights, too."""
        self._seed = seed
        self._images = drawn(split, seed, images).images

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) scores of N networks of the images' resolution."""
        return np.array([self._one(network) for network in networks], dtype=np.float64)

    def _one(self, network: Network) -> float:
        module = NetworkModule(network, seed=self._seed).train()
        inputs = to_input(self._images).requires_grad_(True)
        module.requires_grad_(False)
        module(inputs).sum().backward()
        assert inputs.grad is not None
        values = np.linalg.eigvalsh(_correlations(inputs.grad.flatten(1).double().numpy()))
        values = np.maximum(values, 0.0) + _SMALL  # a rounding below zero
        return -float(np.sum(np.log(values) + 1.0 / values))


def _correlations(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, N); a row that is everywhere the same is correlated with none, not even itself."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = centred / np.where(norms > 0, norms, 1.0)
    return np.asarray(unit @ unit.T)
