"""Costs and limits over the stages of a space, for scores that are additive over stages alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.search.exact.effects import ChoiceEffects
from hwnas.search.exact.exact_front import FEW_LABELS, exact_front
from hwnas.search.exact.label_costs import LabelCosts
from hwnas.search.front import FoundFront, Front
from hwnas.search.problem import Limit, SearchProblem
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures
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


# A stage of more paths has so many on its front of several costs that exactness takes hours.
_MANY_PATHS = 1000


@dataclass(frozen=True)
class StageScore:
    """A score that is additive over the stages of a space.

    Attributes:
        stages: the space by its stages.
        trellis: the score, over `stages`.
    """

    stages: StageSpace
    trellis: Trellis

    def evaluate(self, architectures: Architectures) -> NDArray[np.float64]:
        """(N,) scores of canonical architectures (N, L) of the space."""
        return self.trellis.evaluate(self.stages.of_blocks(architectures))

    @property
    def effects(self) -> ChoiceEffects:
        """The mean value of the paths of a stage that have a choice."""
        values = []
        for stage, (paths, step) in enumerate(
            zip(self.stages.paths, self.trellis.steps, strict=True)
        ):
            counts = self.stages.space.choice_counts[self.stages.slots[stage]]
            for column, count in zip(paths.T, counts.tolist(), strict=True):
                sums = np.bincount(column, weights=step[0, 0], minlength=count)
                values.append(sums / np.bincount(column, minlength=count))
        return ChoiceEffects(values, "paths")

    def front(self, problem: SearchProblem, generator: np.random.Generator) -> FoundFront:
        """The front over the slots of the space against the cost of a problem over these.

        Exact, up to the rounding of costs, but for a space of stages with over a thousand paths
        under budgets on further costs, where few labels are kept.

        Raises:
            BudgetError: no network keeps the budgets.
            ValueError: a cost couples neighbours or has sheets.
        """
        del generator
        staged = stage_problem(problem, self.stages)
        further = len(LabelCosts.of(staged, (staged.cost,)).limits) > 1
        many = further and self.stages.choice_counts.max() > _MANY_PATHS
        found = exact_front(self.trellis, staged, FEW_LABELS if many else None)
        rows = self.stages.to_blocks(found.architectures)
        kept = problem.feasible(rows)
        front = Front(rows[kept], found.scores[kept], problem.costs(rows[kept]))
        how = "nearly exact: few paths were kept of" if many else "exact: the score is"
        return FoundFront(front, not many, f"{how} a sum over stages")


def stage_problem(problem: SearchProblem, stages: StageSpace) -> SearchProblem:
    """The same problem over stages; what misses a budget by a rounding is let through.

    Raises:
        BudgetError: a limit has to be tested.
        ValueError: a cost couples neighbours or has sheets.
    """
    problem.check_sums("a score that is a sum over stages")
    limits = tuple(
        Limit(lay_on_stages(b.trellis, stages), b.bound + b.rounding) for b in problem.limits
    )
    return SearchProblem(stages, lay_on_stages(problem.cost, stages), limits)
