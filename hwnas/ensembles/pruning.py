"""Pruning: the three ways of SAEP to leave members out of an ensemble.

SAEP (Bian et al. 2019, "Sub-architecture ensemble pruning in neural architecture search", arXiv
1910.00370) takes members at random (PRS), by what leaving one out does to the error (PAP), or by
how much they know and how differently they answer (PIE). Here each of them keeps a budget, too.
The released PAP leaves out members that the ensemble needs; this one keeps those.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from hwnas.ensembles.information import tdac
from hwnas.ensembles.pool import Pool

DIVERSITY = 0.1
"""Of TDAC. The paper's 0.5 takes the members that know least: what is wrong at random answers most
differently, and was no better than chance (`benchmarks.ensemble_pruning`)."""

Fits = Callable[[Sequence[int]], bool]
"""Whether some networks together keep the budget; so does every part of what keeps it."""
Members = tuple[int, ...]
"""Numbers of networks of a pool, ascending."""


def at_random(pool: Pool, most: int, fits: Fits, seed: int = 0) -> Members:
    """PRS: at most so many networks, in a random order each that still fits."""
    order = np.random.default_rng(seed).permutation(len(pool)).tolist()
    return tuple(sorted(_added([], order, most, fits)))


def by_leaving_out(pool: Pool, most: int, fits: Fits, seed: int = 0) -> Members:
    """PAP: leaves out, one after another, the network that the others miss least.

    That is where the error without it is least, or else the cross-entropy. When few enough are left
    and they fit, what was left out is taken back as far as it fits, the last one first.
    """
    del seed
    left, out = list(range(len(pool))), list[int]()
    while len(left) > 1 and (len(left) > most or not fits(left)):

        def without(one: int) -> tuple[float, float]:
            rest = [other for other in left if other != one]
            return -pool.accuracy(rest), pool.cross_entropy(rest)

        least = min(left, key=without)
        left.remove(least)
        out.append(least)
    kept = left if fits(left) else []  # one alone may be too many
    return tuple(sorted(_added(kept, out[::-1], most, fits)))


def by_information(
    pool: Pool, most: int, fits: Fits, seed: int = 0, diversity: float = DIVERSITY
) -> Members:
    """PIE: adds, one after another, the network of the greatest Σ TDAC with those that are in.

    It begins with the two of the greatest TDAC, see `hwnas.ensembles.information.tdac`, whose share
    of diversity is given.
    """
    del seed
    values, count = tdac(pool.answers, pool.labels, diversity), len(pool)
    pairs = list[tuple[int, int]]()
    if most > 1:
        pairs = [(i, j) for i in range(count) for j in range(i) if fits([i, j])]
    if not pairs:
        alone = [one for one in range(count) if fits([one])]
        return (max(alone, key=lambda one: pool.accuracy([one])),) if alone else ()
    first = max(pairs, key=lambda pair: float(values[pair]))
    members = list(first)
    while len(members) < most:
        further = [i for i in range(count) if i not in members and fits([*members, i])]
        if not further:
            break
        members.append(max(further, key=lambda one: float(values[one, members].sum())))
    return tuple(sorted(members))


WAYS: Mapping[str, Callable[[Pool, int, Fits, int], Members]] = {
    "PRS": at_random,
    "PAP": by_leaving_out,
    "PIE": by_information,
}
"""By the names of the paper: (pool, most, fits, seed) → members, none where nothing fits."""


def _added(members: Sequence[int], further: Sequence[int], most: int, fits: Fits) -> list[int]:
    """Members with each of some others, in their order, as far as they fit."""
    found = list(members)
    for one in further:
        if len(found) < most and fits([*found, one]):
            found.append(one)
    return found
