"""Whether the budgets can still be kept when some choices of a space are gone."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hwnas.search.problem import SearchProblem
from hwnas.search.trellis import Trellis


def reachable(problem: SearchProblem, alive: Sequence[NDArray[np.bool_]]) -> bool:
    """Whether networks of the choices that are left keep each budget alone.

    Args:
        problem: the budgets, and which choice may follow which.
        alive: L arrays (C,).
    """
    trellises = [(limit.trellis, limit.bound + limit.rounding) for limit in problem.limits]
    return all(
        _least(trellis, alive) <= bound for trellis, bound in trellises or [(problem.cost, _MOST)]
    )


_MOST = float(np.finfo(np.float64).max)


def _least(trellis: Trellis, alive: Sequence[NDArray[np.bool_]]) -> float:
    """The least that a network of the choices left has; infinite where there is none."""
    rest = np.full((trellis.sheets, len(alive[-1])), trellis.nothing)
    for slot in range(len(alive) - 1, 0, -1):
        open_choices = trellis.allowed[slot] & alive[slot]
        after = trellis.join(trellis.steps[slot], rest[:, None, :])
        rest = np.where(open_choices, after, np.inf).min(axis=2)
    first = trellis.combine(trellis.constant, trellis.steps[0][0, 0])
    onward = np.diagonal(rest) if len(rest) > 1 else rest[0]
    return float(np.where(alive[0], trellis.join(first, onward), np.inf).min())
