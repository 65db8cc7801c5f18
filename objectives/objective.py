"""Objective: what is asked of a network, a number for each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, TypeGuard

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import BudgetError
from hwnas.networks.blocks import Block, Network
from hwnas.objectives.values import one_for_each

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


def values_of(objective: Objective, networks: Sequence[Network]) -> NDArray[np.float64]:
    """(N,) values of N networks, of an objective that anybody may have written.

    Raises:
        BudgetError: it gives something else than a finite number for each network.
    """
    found: Any = objective.evaluate(networks)
    what = f"objective '{objective.name}'"
    values = one_for_each(found, len(networks), what, error=BudgetError)
    if not np.isfinite(values).all():
        wrong = values[~np.isfinite(values)][0]
        raise BudgetError(
            f"the objective '{objective.name}' returned {wrong} for a network; return a finite "
            "number"
        )
    return values


def is_of_blocks(objective: Objective) -> "TypeGuard[BlockObjective | FamilyObjective]":
    """Whether an objective is put together from values of blocks."""
    if isinstance(objective, FamilyObjective):
        return True
    return hasattr(objective, "block_value") and hasattr(objective, "combine")


def of_members(objective: "BlockObjective | FamilyObjective", count: int) -> list[BlockObjective]:
    """An objective for each of so many members of a family: the same one, where it is alike.

    Raises:
        BudgetError: it is of another number of members.
    """
    if not isinstance(objective, FamilyObjective):
        return [objective] * count
    if len(objective.members) != count:
        raise BudgetError(
            f"the {objective.name} is of {len(objective.members)} resolutions and widths, and the "
            f"space has {count}; give the one of this very space"
        )
    return list(objective.members)


@dataclass(frozen=True)
class Units:
    """How budgets on an objective are written.

    Attributes:
        factors: of each unit as it is written, to the objective's own; "" for a plain number.
        example: a budget, for messages.
    """

    factors: Mapping[str, float]
    example: str


@dataclass(frozen=True)
class AdditiveObjective:
    """An objective that is a constant plus a value for each block; a skip's value is 0.

    `units` says how budgets on it are written; without, only in its `unit`.
    """

    name: str
    unit: str
    block_value: Callable[[Block], float]
    constant: float = 0.0
    direction: Direction = "minimize"
    units: Units | None = None
    combine: ClassVar[np.ufunc] = np.add

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) values of N networks, in `unit`."""
        return np.array(
            [self.constant + sum(map(self.block_value, network)) for network in networks],
            dtype=np.float64,
        )


@dataclass(frozen=True)
class FamilyObjective:
    """An objective whose values of blocks differ between the members of a family of spaces.

    Attributes:
        name: see `Objective`.
        unit: see `Objective`.
        members: the objective of each member, in their order.
        predict: (N,) values of N networks, each by the objective of its member.
    """

    name: str
    unit: str
    members: tuple[AdditiveObjective, ...]
    predict: Callable[[Sequence[Network]], NDArray[np.float64]]
    direction: Direction = "minimize"
    units: Units | None = None
    combine: ClassVar[np.ufunc] = np.add

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) values of N networks, in `unit`."""
        return self.predict(networks)


@dataclass(frozen=True)
class LargestBlockObjective:
    """An objective that the block of the largest value decides, like peak memory.

    `units` says how budgets on it are written; without, only in its `unit`.
    """

    name: str
    unit: str
    block_value: Callable[[Block], float]
    direction: Direction = "minimize"
    units: Units | None = None
    combine: ClassVar[np.ufunc] = np.maximum

    def evaluate(self, networks: Sequence[Network]) -> NDArray[np.float64]:
        """(N,) values of N networks, in `unit`."""
        return np.array(
            [max(map(self.block_value, network)) for network in networks], dtype=np.float64
        )


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
