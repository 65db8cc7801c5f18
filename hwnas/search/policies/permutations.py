"""DDPNAS' arithmetic (Zheng et al. 2019, arXiv 1905.13543), for all that prunes by it."""

import numpy as np
from numpy.typing import NDArray

from hwnas.search.policies.choices import FlatChoices
from hwnas.spaces.space import Architectures

_INERTIA, _STEP = 0.9, 0.1  # of the velocities, as published


def widest(choices: FlatChoices, alive: NDArray[np.bool_]) -> int:
    """The most choices (T,) that are left of a slot: the architectures of a round."""
    return int(np.add.reduceat(alive.astype(np.int64), choices.starts).max())


def permuted(
    choices: FlatChoices, alive: NDArray[np.bool_], generator: np.random.Generator
) -> Architectures:
    """(N, L) a round: every choice (T,) that is left stands once, of few more than once."""
    number, columns = widest(choices, alive), []
    for part in choices.split(alive):
        left = np.flatnonzero(part)
        turns = [generator.permutation(left) for _ in range(-(-number // len(left)))]
        columns.append(np.concatenate(turns)[:number])
    return np.stack(columns, axis=1)


def moved(
    choices: FlatChoices,
    alive: NDArray[np.bool_],
    means: NDArray[np.float64],
    velocities: NDArray[np.float64],
    sharpness: float,
) -> NDArray[np.float64]:
    """(T,) the velocities of all choices after they were judged.

    Args:
        choices: of the space.
        alive: (T,) which are left; the velocities of others stay.
        means: (T,) mean rewards, in standard deviations.
        velocities: (T,) before.
        sharpness: of the softmax over the means of a slot.
    """
    logits = np.where(alive, sharpness * means, -np.inf)
    found = _INERTIA * velocities + _STEP * choices.softmax(logits)
    return np.where(alive, found, velocities)
