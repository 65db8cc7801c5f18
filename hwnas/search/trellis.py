"""Trellis: an additive quantity laid over a space, evaluated at array speed."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwnas.spaces.space import Architectures, SearchSpace
from latency.blocks import Skip
from objectives.objective import AdditiveObjective


@dataclass(frozen=True)
class Trellis:
    """constant + a value for each (slot, choice), and which choice may follow which.

    Attributes:
        name: the objective's name.
        unit: the objective's unit.
        constant: what every network has: prefix, suffix, overhead.
        values: L arrays, (choices of the slot,).
        allowed: L arrays, (choices of the slot before, choices of the slot): canonical transitions.
    """

    name: str
    unit: str
    constant: float
    values: tuple[NDArray[np.float64], ...]
    allowed: tuple[NDArray[np.bool_], ...]

    @classmethod
    def of(cls, space: SearchSpace, objective: AdditiveObjective) -> "Trellis":
        """Lays an additive objective over a space."""
        fixed = sum(objective.block_value(block) for block in (*space.prefix, *space.suffix))
        values = [
            [0.0 if isinstance(b, Skip) else objective.block_value(b) for b in slot.choices]
            for slot in space.slots
        ]
        return cls.from_values(
            space, objective.name, objective.unit, objective.constant + fixed, values
        )

    @classmethod
    def from_values(
        cls, space: SearchSpace, name: str, unit: str, constant: float,
        values: "list[list[float]] | list[NDArray[np.float64]]",
    ) -> "Trellis":  # fmt: skip
        """Lays given values, a list of the choices' values a slot, over a space."""
        return cls(
            name,
            unit,
            float(constant),
            tuple(np.asarray(row, dtype=np.float64) for row in values),
            tuple(space.allowed(slot) for slot in range(len(space.slots))),
        )

    def evaluate(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) values of canonical architectures (N, L)."""
        total = np.full(len(architectures), self.constant)
        for slot, values in enumerate(self.values):
            total += values[architectures[:, slot]]
        return total

    @cached_property
    def cheapest_completion(self) -> tuple[NDArray[np.float64], ...]:
        """L arrays (choices,): the least that the slots after this one add, given its choice."""
        rest = [np.zeros(len(self.values[-1]))]
        for slot in range(len(self.values) - 1, 0, -1):
            after = np.where(self.allowed[slot], self.values[slot] + rest[0], np.inf)
            rest.insert(0, after.min(axis=1))
        return tuple(rest)

    @property
    def negated(self) -> "Trellis":
        """The same with every sign turned: its cheapest is this one's costliest."""
        values = tuple(-row for row in self.values)
        return Trellis(self.name, self.unit, -self.constant, values, self.allowed)

    @cached_property
    def range(self) -> tuple[float, float]:
        """The least and the greatest value in the space, to the last bit those of `evaluate`."""
        return self._least(), -self.negated._least()

    def _least(self) -> float:
        # Added up in the order of `evaluate`: rounding never swaps two sums to which the same is
        # added, hence a network really has this value, and a budget of just that is reachable.
        reached = self.constant + self.values[0]
        for slot in range(1, len(self.values)):
            before = np.where(self.allowed[slot], reached[:, None], np.inf).min(axis=0)
            reached = before + self.values[slot]
        return float(reached.min())
