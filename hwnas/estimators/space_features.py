"""What a predictor sees of a space's architectures beside their choices."""

import json

import numpy as np
from numpy.typing import NDArray

from hwnas.core.digests import digest
from hwnas.estimators.stage_features import StageFeatures
from hwnas.estimators.traits import choice_traits
from hwnas.latency.family import AnyLatency
from hwnas.objectives.costs import MACS, PARAMETERS
from hwnas.objectives.measured import measured_objective
from hwnas.objectives.statistics.features import Features
from hwnas.search.trellis import Trellis
from hwnas.spaces.family import Space
from hwnas.spaces.space import Architectures

_LEAST = 1e-6
"""Of a cost: a latency model that was fitted to whole networks may go below 0 for a small one."""


class SpaceCosts:
    """MACs, parameters and perhaps latencies of architectures, at array speed."""

    def __init__(self, space: Space, latency: AnyLatency | None = None) -> None:
        """Lays them over a space.

        Raises:
            BudgetError, TableError: the latency model is of another space.
        """
        measured = [] if latency is None else [measured_objective(latency)]
        costs = (MACS, PARAMETERS, *measured)
        self.trellises = tuple(Trellis.of(space, cost) for cost in costs)

    def __call__(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N, 2 or 3) of canonical architectures (N, L), all above 0."""
        every = np.column_stack([each.evaluate(architectures) for each in self.trellises])
        found: NDArray[np.float64] = np.maximum(every, _LEAST)
        return found

    @property
    def identity(self) -> str:
        """A digest that is equal for equal costs alone."""
        values = [[one.constant, *(step.tolist() for step in one.steps)] for one in self.trellises]
        return digest(json.dumps(values))


def space_features(space: Space, costs: SpaceCosts) -> Features:
    """The costs, the features of stages, and the kernels and expansions of slots."""
    return Features(costs, StageFeatures(space), choice_traits(space))
