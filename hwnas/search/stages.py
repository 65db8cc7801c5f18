"""Costs and budgets over the stages of a space, for scores that are additive over stages alone."""

import numpy as np
from numpy.typing import NDArray

from hwnas.search.problem import Budget, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces.stages import StageSpace


def lay_on_stages(trellis: Trellis, stages: StageSpace) -> Trellis:
    """A quantity of blocks as one of stages: what the blocks of each path come to.

    Sums are rounded in another order, so that values differ in the last bits.

    Args:
        trellis: over `stages.space`, without sheets or coupled neighbours.
        stages: where to lay it.

    Raises:
        ValueError: the trellis couples neighbours or has sheets.
    """
    if any(step.shape[:2] != (1, 1) for step in trellis.steps):
        raise ValueError(f"the {trellis.name} of a block depends on others, and not on it alone")
    steps = []
    for paths, slots in zip(stages.paths, stages.slots, strict=True):
        total: NDArray[np.float64] = np.full(len(paths), trellis.nothing)
        for column, step in zip(paths.T, trellis.steps[slots], strict=True):
            total = trellis.combine(total, step[0, 0, column])
        steps.append(total[None, None, :])
    allowed = tuple(stages.allowed(stage) for stage in range(len(steps)))
    return Trellis(
        trellis.name, trellis.unit, trellis.constant, tuple(steps), allowed, trellis.combine
    )


def stage_problem(problem: SearchProblem, stages: StageSpace) -> SearchProblem:
    """The same problem over stages.

    Raises:
        ValueError: a cost couples neighbours or has sheets.
    """
    budgets = tuple(Budget(lay_on_stages(b.trellis, stages), b.bound) for b in problem.budgets)
    return SearchProblem(stages, lay_on_stages(problem.cost, stages), budgets)
