"""Objective and Constraint: what is asked of a network, and how much of it is allowed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from latency.blocks import Block, Network

Direction = Literal["minimize", "maximize"]


class Objective(Protocol):
    """A number for every network."""

    @property
    def name(self) -> str:
        """The word that configs use: "latency", "macs", "accuracy"."""

    @property
    def unit(self) -> str:
        """In words or symbols: ms, MACs, parameters, bytes, %."""

    @property
    def direction(self) -> Direction:
        """Whether less or more is better."""

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) values of N networks, in `unit`."""


@dataclass(frozen=True)
class AdditiveObjective:
    """An objective that is a constant plus a value for each block; a skip's value is 0.

    Such an objective can be laid over a space as a trellis and searched exactly.
    """

    name: str
    unit: str
    block_value: Callable[[Block], float]
    constant: float = 0.0
    direction: Direction = "minimize"

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) values of N networks, in `unit`."""
        return np.array(
            [self.constant + sum(map(self.block_value, network)) for network in networks],
            dtype=np.float64,
        )


@dataclass(frozen=True)
class Constraint:
    """An objective with a bound, in its unit: at most for minimised, at least for maximised."""

    objective: Objective
    bound: float

    def satisfied(self, networks: Sequence[Network]) -> NDArray[np.bool_]:
        """(N,) whether each network keeps the bound."""
        values = self.objective.evaluate(networks)
        kept = (
            values <= self.bound
            if self.objective.direction == "minimize"
            else (values >= self.bound)
        )
        return np.asarray(kept, dtype=np.bool_)


def non_dominated(costs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,) which rows of (N, M) values, all to be minimised, no other row dominates.

    A row dominates another when it is nowhere larger and somewhere smaller; of equal rows the
    first alone is kept.
    """
    count = len(costs)
    keep = np.ones(count, dtype=np.bool_)
    order = np.lexsort(costs.T[::-1])
    kept: list[int] = []
    for index in order:
        rows = costs[kept]
        if len(rows) and (rows <= costs[index]).all(axis=1).any():
            keep[index] = False
        else:
            kept.append(int(index))
    return keep
