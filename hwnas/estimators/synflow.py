"""`accuracy.estimator: synflow`: how much signal flows through a network's initial weights.

Tanaka et al. 2020 (arXiv 2006.05467) score a weight by |w · ∂R/∂w|, where R is what comes out of a
network of absolute weights for an input of ones; Abdelfattah et al. 2021 (arXiv 2101.08134) rank
networks by the sum of these. It needs neither images nor training.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from typing_extensions import override

from hwnas.estimators.estimator import Estimator
from hwnas.estimators.inputs import EstimatorInputs
from hwnas.estimators.scores import Scores
from hwnas.networks.arithmetic import convolve
from hwnas.networks.blocks import Network
from hwnas.networks.modules import BlockModule, LayerModule, NetworkModule
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

    As published, batch norm is left out, for it would undo every scaling of the weights before it.
    Signals are then positive all the way, where ReLU is the identity; the other activations are
    taken as the identity, too, and squeeze-excite gates as open, since ReLU6, hard-swish and
    hard-sigmoid would saturate on signals this large and no gradient would be left. So R is a sum
    over all paths of the products of their weights. The logarithm keeps the score, which grows
    exponentially with depth, within the numbers; it changes no ranking.
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
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.abs_()
        x = torch.ones(1, 3, network[0].resolution, network[0].resolution, dtype=torch.float64)
        scale = 0.0
        for block in module.children():
            if isinstance(block, BlockModule):
                x = block.block.compute(_Flow(block), x)
                # R is linear in x: what it is divided by here only divides the score.
                mean = x.detach().mean()
                x, scale = x / mean, scale + math.log(float(mean))
        x.sum().backward()  # type: ignore[no-untyped-call]
        total = 0.0
        for layer in module.modules():
            if isinstance(layer, LayerModule) and layer.weight.grad is not None:
                total += float((layer.weight.detach() * layer.weight.grad).sum())
        return scale + math.log(total)


class _Flow:
    """The operations of a block without batch norm, bias and activation, and with open gates."""

    def __init__(self, module: BlockModule) -> None:
        self._module = module

    def layer(self, name: str, x: Tensor) -> Tensor:
        child = self._module.layer(name)
        if x.ndim == 2:
            return functional.linear(x, child.weight.flatten(1))
        return convolve(x, child.weight, child.layer)

    def mean(self, name: str, x: Tensor) -> Tensor:
        del name
        return x.mean((2, 3), keepdim=True)

    def flatten(self, name: str, x: Tensor) -> Tensor:
        del name
        return x.flatten(1)

    def hard_sigmoid(self, name: str, x: Tensor) -> Tensor:
        del name
        return x

    def multiply(self, name: str, x: Tensor, gate: Tensor) -> Tensor:
        del name, gate
        return x

    def add(self, name: str, x: Tensor, other: Tensor) -> Tensor:
        del name
        return x + other

    def concatenate(self, name: str, parts: Sequence[Tensor]) -> Tensor:
        del name
        return torch.cat(list(parts), 1)
