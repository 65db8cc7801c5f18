"""The top k of scores, where scores may be equal.

Which of equal scores are in the top k is a matter of chance. Every figure here is the expected one
where ties are broken at random, computed exactly and without a generator.
"""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def membership(scores: Values, k: int) -> Values:
    """(N,) the probability of each of (N,) scores to be among the k greatest."""
    threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
    above, equal = scores > threshold, scores == threshold
    share = (k - np.count_nonzero(above)) / np.count_nonzero(equal)
    return np.where(above, 1.0, np.where(equal, share, 0.0))


def overlap(one: Values, other: Values, k: int) -> float:
    """The expected share of the top k of one that is in the top k of the other."""
    return float(membership(one, k) @ membership(other, k)) / k


def best_of_top(scores: Values, values: Values, k: int) -> float:
    """The greatest of (N,) values that is expected among the k greatest scores."""
    chance = membership(scores, k)
    certain = values[chance == 1.0]
    least = float(certain.max()) if len(certain) else -np.inf
    tied = np.sort(values[(chance > 0.0) & (chance < 1.0)])[::-1]
    drawn = k - len(certain)
    if not drawn:
        return least
    expected, beaten = 0.0, 1.0  # the probability that no greater one was drawn
    for place, value in enumerate(tied.tolist()):
        left = len(tied) - place
        taken = min(1.0, drawn / left)
        expected += beaten * taken * max(value, least)
        beaten *= 1.0 - taken
    return expected
