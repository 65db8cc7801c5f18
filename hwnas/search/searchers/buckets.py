"""Cost buckets: groups of networks of nearly equal cost, and taking turns among them."""

import numpy as np
from numpy.typing import NDArray


def bucket_of(reached: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """(N,) the bucket of each cost, `count` of them over the range that these costs span."""
    if not len(reached):
        return np.zeros(0, dtype=np.int64)
    share = (reached - reached.min()) / (float(np.ptp(reached)) or 1.0)
    buckets: NDArray[np.int64] = np.minimum((share * count).astype(np.int64), count - 1)
    return buckets


def rank_within(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) the position of each member of sorted groups within its group."""
    _, first, sizes = np.unique(groups, return_index=True, return_counts=True)
    return np.arange(len(groups)) - np.repeat(first, sizes)


def by_bucket(
    buckets: NDArray[np.int64], scores: NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.int64]:
    """An order that takes one of each bucket in turn, best score first, equals at random."""
    order = np.lexsort((generator.random(len(buckets)), -scores, buckets))
    rank = rank_within(buckets[order])
    turn: NDArray[np.int64] = order[np.lexsort((generator.random(len(buckets)), rank))]
    return turn
