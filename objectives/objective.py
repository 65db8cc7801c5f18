"""Objective and Constraint: what is asked of a network, and how much of it is allowed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from hwnas.networks.blocks import Block, Network

Direction = Literal["minimize", "maximize"]


def amount(value: float) -> str:
    """A cost without its unit: 12.35, 900,000."""
    return f"{value:,.0f}" if value >= 10_000 else f"{value:,.4g}"


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


class BlockObjective(Objective, Protocol):
    """An objective that is put together from a constant and a value for each block.

    Such an objective can be laid over a space as a trellis and searched exactly.
    """

    @property
    def combine(self) -> np.ufunc:
        """`np.add` or `np.maximum`."""

    def block_value(self, block: Block) -> float:
        """What one block adds; a skip's is 0."""


@dataclass(frozen=True)
class AdditiveObjective:
    """An objective that is a constant plus a value for each block; a skip's value is 0."""

    name: str
    unit: str
    block_value: Callable[[Block], float]
    constant: float = 0.0
    direction: Direction = "minimize"
    combine: ClassVar[np.ufunc] = np.add

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) values of N networks, in `unit`."""
        return np.array(
            [self.constant + sum(map(self.block_value, network)) for network in networks],
            dtype=np.float64,
        )


@dataclass(frozen=True)
class LargestBlockObjective:
    """An objective that the block of the largest value decides, like peak memory."""

    name: str
    unit: str
    block_value: Callable[[Block], float]
    direction: Direction = "minimize"
    combine: ClassVar[np.ufunc] = np.maximum

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) values of N networks, in `unit`."""
        return np.array(
            [max(map(self.block_value, network)) for network in networks], dtype=np.float64
        )


Bounded = TypeVar("Bounded", bound=Objective)


@dataclass(frozen=True)
class Constraint(Generic[Bounded]):
    """An objective with a bound, in its unit: at most for minimised, at least for maximised."""

    objective: Bounded
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


def pareto_order(costs: NDArray[np.float64], scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Indices of the non-dominated of (N,) costs (less is better) and scores (more is), by cost.

    One dominates another when it is nowhere worse and somewhere better. Of equal pairs the first
    alone is kept.
    """
    # A stable sort by cost is quick where few ascending runs are joined; of equal costs, a later
    # one of more score then has to push out those before it.
    order = np.argsort(costs, kind="stable")
    ranked = scores[order]
    rises = np.empty(len(order), dtype=np.bool_)
    rises[:1] = True
    np.greater(ranked[1:], np.maximum.accumulate(ranked)[:-1], out=rises[1:])
    kept: NDArray[np.int64] = order[rises]
    left = costs[kept]
    equal = left[1:] == left[:-1]
    return np.delete(kept, np.flatnonzero(equal)) if equal.any() else kept
