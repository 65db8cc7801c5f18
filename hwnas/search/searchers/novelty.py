"""Novelty: how far networks are from those most like them (NEvoNAS, arXiv 2204.00188)."""

import numpy as np
from numpy.typing import NDArray

from hwnas.spaces.space import Architectures

# As many pairs of networks are compared at once, and with as many others at most: of a longer
# history, with evenly many of all its times.
_PAIRS, _OTHERS = 200_000, 5_000


def novelty(rows: Architectures, others: Architectures, neighbours: int) -> NDArray[np.float64]:
    """(N,) the mean distance of architectures (N, L) from the nearest of others (M, L), 0 to 1.

    The distance is Jaccard's on (slot, choice) pairs: one minus the pairs that two networks share
    over the pairs that either has. A network is not its own neighbour. Without any other, all are
    as novel as can be.

    Args:
        rows: the networks that are rated.
        others: distinct ones that they are compared with; those of `rows` may be among them.
        neighbours: how many of the nearest count.
    """
    if len(others) > _OTHERS:
        others = others[np.linspace(0, len(others) - 1, _OTHERS).round().astype(np.int64)]
    found = np.ones(len(rows))
    at_once = max(1, _PAIRS // max(1, len(others)))
    for start in range(0, len(rows), at_once):
        some = rows[start : start + at_once]
        distances = jaccard(some, others)
        distances[distances == 0.0] = np.inf
        nearest = np.sort(distances, axis=1)[:, :neighbours]
        there = np.isfinite(nearest)
        counts = there.sum(axis=1)
        sums = np.where(there, nearest, 0.0).sum(axis=1)
        found[start : start + at_once] = np.where(counts > 0, sums / np.maximum(counts, 1), 1.0)
    return found


def jaccard(rows: Architectures, others: Architectures) -> NDArray[np.float64]:
    """(N, M) Jaccard's distances of architectures (N, L) and (M, L) on (slot, choice) pairs."""
    shared = np.zeros((len(rows), len(others)))
    for one, other in zip(rows.T, others.T, strict=True):
        shared += one[:, None] == other[None, :]
    distances: NDArray[np.float64] = 1.0 - shared / (2.0 * rows.shape[1] - shared)
    return distances
