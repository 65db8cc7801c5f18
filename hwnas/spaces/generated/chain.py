"""Chain: which state follows which, as often as it was seen."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from itertools import pairwise
from typing import Generic, TypeVar

import numpy as np

Value = TypeVar("Value", bound=Hashable)
State = TypeVar("State", bound=Hashable)


class Chain(Generic[State]):
    """A Markov chain of first order."""

    def __init__(self) -> None:
        self._after: dict[State, Counter[State]] = {}

    def learn(self, path: Iterable[State]) -> None:
        """Counts every transition of a path, from its first state to its last one."""
        for before, after in pairwise(path):
            self._after.setdefault(before, Counter())[after] += 1

    def draw(
        self,
        before: State,
        generator: np.random.Generator,
        wanted: Callable[[State], bool] = lambda _: True,
    ) -> State | None:
        """The state after another one.

        Args:
            before: the other one.
            generator: of the random numbers.
            wanted: which states may be drawn.

        Returns:
            None where none of these was seen there.
        """
        seen = self._after.get(before, Counter())
        return drawn(Counter({one: seen[one] for one in seen if wanted(one)}), generator)


def drawn(counts: Counter[Value], generator: np.random.Generator) -> Value | None:
    """One of some values, each as likely as it was seen often; None of none."""
    if not counts:
        return None
    values, seen = list(counts), np.array(list(counts.values()), dtype=np.float64)
    return values[int(generator.choice(len(values), p=seen / seen.sum()))]
