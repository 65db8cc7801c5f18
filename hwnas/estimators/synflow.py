"""`accuracy.estimator: synflow`: how much signal flows through a network's initial weights.

Tanaka et al. 2020 (arXiv 2006.05467) score a weight by |w · ∂R/∂w|, where R is what comes out of a
network of absolute weights for an input of ones; Abdelfattah et al. 2021 (arXiv 2101.08134) rank
networks by the sum of these. It needs neither images nor training.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from hwnas.estimators.estimator import Estimator
from hwnas.estimators.flow import flow, ones, rescaled, without_signs
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import Scores
from hwnas.networks.blocks import Network
from hwnas.networks.modules import LayerModule, NetworkModule
from hwnas.objectives.objective import Direction


class SynFlowEstimator(Estimator):
    """SynFlow scores, with initial weights of a seed."""

    name = "synflow"
    label = "SynFlow"
    unit = "log score"
    seeded = True

    @override
    def scores(self, inputs: EstimatorInputs) -> Scores:
        return self.of_networks(inputs, SynFlow(inputs.seed).evaluate)


class SynFlow:
    """log Σ |w · ∂R/∂w| over all convolutions and linear layers; an Objective.

    R is a sum over all paths of the products of their weights: see `hwnas.estimators.flow`. The
    logarithm keeps the score, which grows exponentially with depth, within the numbers; it changes
    no ranking.
    """

    name = "synflow"
    unit = "log score"
    direction: Direction = "maximize"

    def __init__(self, seed: int = 0) -> None:
        """Takes the seed of the initial weights; equal networks have equal ones."""
        self._seed = seed

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) scores of N networks."""
        return np.array([self._one(network) for network in networks], dtype=np.float64)

    def _one(self, network: Network) -> float:
        module = NetworkModule(network, seed=self._seed).double()
        without_signs(module)
        x, scale = ones(network[0].resolution), 0.0
        for holder, block in module.path:
            x, divided = rescaled(flow(holder, block, x))
            scale += divided
        x.sum().backward()  # type: ignore[no-untyped-call]
        total = 0.0
        for layer in module.modules():
            if isinstance(layer, LayerModule) and layer.weight.grad is not None:
                total += float((layer.weight.detach() * layer.weight.grad).sum())
        return scale + math.log(total)
