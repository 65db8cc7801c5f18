"""Neighbours: architectures that differ from a given one in one slot."""

import numpy as np

from hwnas.search.problem import SearchProblem
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.space import Architectures


def neighbours(problem: SearchProblem, architectures: Architectures) -> Architectures:
    """(M, L) the distinct feasible canonical architectures one changed slot off any of (N, L).

    The given ones are among them, where they are feasible.
    """
    changed = []
    for slot, choices in enumerate(problem.space.choice_counts):
        for choice in range(choices):
            rows = architectures.copy()
            rows[:, slot] = choice
            changed.append(rows)
    rows = np.unique(problem.space.canonical(np.concatenate(changed)), axis=0)
    found: Architectures = rows[problem.feasible(rows)]
    return found


def mutated(
    space: ChoiceSpace, architectures: Architectures, generator: np.random.Generator
) -> Architectures:
    """(N, L) canonical architectures, each with another choice in one random slot that has one.

    They may break budgets and transitions.
    """
    counts = space.choice_counts
    open_slots = np.flatnonzero(counts > 1)
    rows = architectures.copy()
    if len(open_slots):
        slots = generator.choice(open_slots, size=len(rows))
        every = np.arange(len(rows))
        steps = generator.integers(1, counts[slots])
        rows[every, slots] = (rows[every, slots] + steps) % counts[slots]
    return space.canonical(rows)
