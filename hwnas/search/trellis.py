"""Trellis: a quantity laid over the choices of a space, evaluated at array speed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwnas.networks.blocks import Block, Skip
from hwnas.objectives.objective import BlockObjective, FamilyObjective, of_members
from hwnas.search.continuations import Continuations
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.family import Space
from hwnas.spaces.space import Architectures

# The neutral element of the minimum, short of the infinity that marks what cannot be gone.
_MOST = float(np.finfo(np.float64).max)

Values = Sequence["Sequence[float] | NDArray[np.float64]"]
"""A list of the choices' values a slot."""


@dataclass(frozen=True)
class Trellis:
    """A constant and a step for every slot, put together in the order of the slots.

    A step depends on the choice, on the choice before where neighbours are coupled, and on the
    sheet where the first slot of a space decides about all the others (its resolution, its width).

    Attributes:
        name: the objective's name.
        unit: the objective's unit.
        constant: what every network has: prefix, suffix, overhead.
        steps: L arrays (S or 1, P or 1, C): sheets, choices of the slot before, choices.
        allowed: L arrays (P, C): which choice may follow which.
        combine: how a step joins those before it: `np.add`, or `np.maximum` for a quantity that
            the largest block decides, like peak memory.
    """

    name: str
    unit: str
    constant: float
    steps: tuple[NDArray[np.float64], ...]
    allowed: tuple[NDArray[np.bool_], ...]
    combine: np.ufunc = np.add

    @classmethod
    def of(cls, space: Space, objective: BlockObjective | FamilyObjective) -> "Trellis":
        """Lays an objective over a space, or over the members of a family as parallel sheets.

        Raises:
            BudgetError: the objective is of another number of members.
        """
        members = list(zip(space.members, of_members(objective, len(space.members)), strict=True))
        constants = [own.evaluate([(*one.prefix, *one.suffix)])[0] for one, own in members]
        columns = [
            np.array([[_value(own, b) for b in one.slots[i].choices] for one, own in members])
            for i in range(len(space.members[0].slots))
        ]
        steps = [column[:, None, :] for column in columns]
        allowed = _transitions(space)
        if len(space.choice_counts) > len(steps):  # the first choice is the member
            start, first = 0.0, [np.array(constants)[None, None, :]]
        else:
            start, first = float(constants[0]), []
        steps = [*first, *steps]
        return cls(objective.name, objective.unit, start, tuple(steps), allowed, objective.combine)

    @classmethod
    def from_values(
        cls,
        space: ChoiceSpace,
        name: str,
        unit: str,
        constant: float,
        values: Values,
        pairs: Sequence[NDArray[np.float64] | None] | None = None,
    ) -> "Trellis":
        """Lays given values over a space.

        Args:
            space: whose transitions hold.
            name: of the quantity.
            unit: of the quantity.
            constant: what every network has.
            values: L lists of the choices' values; (S, C) arrays where sheets differ.
            pairs: L arrays (choices before, choices) that are added to them; the first is None.

        Raises:
            ValueError: the first slot has several sheets, or choices that nothing allows.
        """
        steps = []
        for slot, row in enumerate(values):
            step = np.asarray(row, dtype=np.float64)
            step = step[:, None, :] if step.ndim == 2 else step[None, None, :]
            pair = pairs[slot] if pairs is not None else None
            steps.append(step if pair is None else step + pair[None])
        if len(steps[0]) > 1:
            raise ValueError("the first slot chooses the sheet, so it has one row of values")
        return cls(name, unit, float(constant), tuple(steps), _transitions(space))

    def evaluate(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) values of canonical architectures (N, L); of prefixes (N, P), what they add up to.

        Some six million architectures of twenty slots a second, on one core.
        """
        total = np.full(len(architectures), self.constant)
        for slot in range(architectures.shape[1]):
            before = architectures[:, slot - 1] if slot else None
            added = self.added(slot, architectures[:, 0], before, architectures[:, slot])
            self.combine(total, added, out=total)
        return total

    def added(
        self,
        slot: int,
        sheets: NDArray[np.int64],
        before: NDArray[np.int64] | None,
        choices: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """(N,) the steps of N choices of a slot; `sheets` are the choices of the first slot."""
        step = self.steps[slot]
        index = choices
        if step.shape[1] > 1 and before is not None:
            index = index + before * step.shape[2]
        if step.shape[0] > 1:
            index = index + sheets * (step.shape[1] * step.shape[2])
        return step.reshape(-1)[index]

    @cached_property
    def sheets(self) -> int:
        """How many sheets there are; 1 where no slot decides about all others."""
        return max(len(step) for step in self.steps)

    @cached_property
    def magnitude(self) -> float:
        """No value of a path through the trellis is further from 0 than this."""
        return abs(self.constant) + sum(float(np.abs(step).max()) for step in self.steps)

    @cached_property
    def continuations(self) -> Continuations:
        """Which choices have the same continuations, for this trellis alone."""
        return Continuations(self.allowed, (self.steps,))

    @property
    def nothing(self) -> float:
        """What changes nothing when it is combined with a value."""
        if self.combine is np.add:
            return 0.0
        return -np.inf if self.combine is np.maximum else _MOST

    def join(self, one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
        """Combined, where infinity stands for a path that cannot be gone."""
        joined: NDArray[np.float64] = self.combine(one, other)
        if self.combine is np.minimum:
            return np.where(np.isposinf(one) | np.isposinf(other), np.inf, joined)
        return joined

    @cached_property
    def cheapest_completion(self) -> tuple[NDArray[np.float64], ...]:
        """L arrays (S, choices): the least that the slots after this one add, given its choice.

        For the first slot of a space with sheets, the row of a sheet holds for its own choice.
        """
        rest = [np.full((self.sheets, self.steps[-1].shape[2]), self.nothing)]
        for slot in range(len(self.steps) - 1, 0, -1):
            after = self.join(self.steps[slot], rest[0][:, None, :])
            rest.insert(0, np.where(self.allowed[slot], after, np.inf).min(axis=2))
        return tuple(rest)

    def step(self, slot: int, sheet: int, before: int) -> NDArray[np.float64]:
        """(C,) the steps of a slot's choices behind one choice of the slot before."""
        step = self.steps[slot]
        row: NDArray[np.float64] = step[
            sheet if len(step) > 1 else 0, before if step.shape[1] > 1 else 0
        ]
        return row

    def rest(self, slot: int, sheet: int, choice: int) -> float:
        """The least that the slots after `slot` add to a path that has come to a choice of it."""
        table = self.cheapest_completion[slot]
        return float(table[sheet if len(table) > 1 else 0, choice])

    def reach(self, prefixes: Architectures) -> NDArray[np.float64]:
        """(N,) the least value of a network with each prefix (N, P), P ≥ 1, up to rounding."""
        table = self.cheapest_completion[prefixes.shape[1] - 1]
        rest = table[prefixes[:, 0] if len(table) > 1 else 0, prefixes[:, -1]]
        return self.join(self.evaluate(prefixes), rest)

    def completed(self, prefixes: Architectures) -> Architectures:
        """(N, L) prefixes (N, P), P ≥ 1, with the slots that are left added at the least."""
        rows = prefixes
        for slot in range(prefixes.shape[1], len(self.steps)):
            step = self.steps[slot]
            sheets = rows[:, 0] if step.shape[0] > 1 else np.zeros(len(rows), dtype=np.int64)
            before = rows[:, -1] if step.shape[1] > 1 else np.zeros(len(rows), dtype=np.int64)
            after = self.cheapest_completion[slot]
            rest = after[rows[:, 0] if len(after) > 1 else sheets]
            onward = self.join(step[sheets, before], rest)
            onward = np.where(self.allowed[slot][rows[:, -1]], onward, np.inf)
            rows = np.column_stack((rows, onward.argmin(axis=1)))
        return rows

    @cached_property
    def negated(self) -> "Trellis":
        """The same with every sign turned: its cheapest is this one's costliest."""
        combine = self.combine
        if combine is not np.add:
            combine = np.minimum if combine is np.maximum else np.maximum
        return Trellis(
            self.name,
            self.unit,
            -self.constant,
            tuple(-step for step in self.steps),
            self.allowed,
            combine,
        )

    @cached_property
    def range(self) -> tuple[float, float]:
        """The least and the greatest value in the space, to the last bit those of `evaluate`."""
        return self._least(), -self.negated._least()

    def _least(self) -> float:
        # Put together in the order of `evaluate`: rounding never swaps two sums to which the same
        # is added, hence a network really has this value, and a budget of just that is reachable.
        reached = self.combine(self.constant, self.steps[0][0])
        if self.sheets > 1:  # each sheet starts from its own choice of the first slot
            reached = np.where(np.eye(self.sheets, dtype=np.bool_), reached, np.inf)
        for slot in range(1, len(self.steps)):
            onward = self.join(reached[:, :, None], self.steps[slot])
            reached = np.where(self.allowed[slot], onward, np.inf).min(axis=1)
        return float(reached.min())


def shared_continuations(trellises: Sequence[Trellis]) -> Continuations:
    """Which choices have the same continuations for every trellis over one space."""
    if any(step.shape[0] > 1 or step.shape[1] > 1 for t in trellises for step in t.steps):
        return Continuations(trellises[0].allowed, [trellis.steps for trellis in trellises])
    # Uncoupled ones have the same, and that of the last, a cost, outlives many a score.
    return trellises[-1].continuations


def _transitions(space: ChoiceSpace) -> tuple[NDArray[np.bool_], ...]:
    if not space.allowed(0).all():
        raise ValueError(f"the first slot of {space.name} has a choice that is never allowed")
    return tuple(space.allowed(slot) for slot in range(len(space.choice_counts)))


def _value(objective: BlockObjective, block: Block) -> float:
    return 0.0 if isinstance(block, Skip) else objective.block_value(block)
