"""Neighbours: architectures that differ from a given one in one slot."""

import numpy as np

from hwnas.search.problem import SearchProblem
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.space import Architectures


def neighbours(problem: SearchProblem, architectures: Architectures) -> Architectures:
    """(M, L) the distinct feasible canonical architectures one changed slot off any of (N, L).

    The given ones are among them, where they are feasible.
    """
    rows = _distinct(problem.space.canonical(_changed(problem, architectures)))
    found: Architectures = rows[problem.feasible(rows)]
    return found


def pairs_of_neighbours(problem: SearchProblem, architectures: Architectures) -> Architectures:
    """(M, L) the same with two changed slots; also for architectures that are just infeasible."""
    once = _distinct(problem.space.canonical(_changed(problem, architectures)))
    rows = _distinct(problem.space.canonical(_changed(problem, once)))
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


def _changed(problem: SearchProblem, architectures: Architectures) -> Architectures:
    """(N × Σ choices, L) every choice of every slot put into each of (N, L), as it comes."""
    changed = []
    for slot, choices in enumerate(problem.space.choice_counts):
        for choice in range(choices):
            rows = architectures.copy()
            rows[:, slot] = choice
            changed.append(rows)
    return np.concatenate(changed)


def _distinct(rows: Architectures) -> Architectures:
    """What `np.unique(rows, axis=0)` gives; of choices that fit into bytes, eight times faster."""
    if not rows.size or rows.max() >= np.iinfo(np.uint8).max:
        return np.unique(rows, axis=0)
    # A text of bytes ends at its last one that is not 0.
    texts = np.ascontiguousarray((rows + 1).astype(np.uint8)).view(f"S{rows.shape[1]}")
    found: Architectures = rows[np.unique(texts[:, 0], return_index=True)[1]]
    return found
