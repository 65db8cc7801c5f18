"""What each choice is worth by scores of networks, and what that costs within the budgets."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import BudgetError
from hwnas.search.exact.exact_front import exact_best
from hwnas.search.searchers.surrogate_model import fit_additive
from hwnas.search.shrinkers.shrinker import Stage
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures


def mean_scores(
    stage: Stage, architectures: Architectures, scores: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(T',) the mean score of the networks (N, L) that have each choice.

    Within budgets who has a costly choice has cheap ones elsewhere: there it is the mean if all
    other slots were equal, by least squares with a ridge.
    """
    choices = stage.choices
    if stage.problem.every_limit:
        fitted = fit_additive(stage.problem.space, architectures, scores)
        effects = np.concatenate([step[0, 0] for step in fitted.steps])
        return np.asarray(scores.mean() + effects)
    counts = choices.sums(architectures, np.ones(len(scores)))
    sums = choices.sums(architectures, scores)
    return np.where(counts > 0, sums / np.maximum(counts, 1.0), scores.mean())


def losses(stage: Stage, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T',) what the best network with each choice lacks to the best one, 0 or less.

    Networks are worth the sum of the values (T',) of their choices, and keep the budgets. Without
    budgets that is what a choice lacks to the best one of its slot.
    """
    choices, problem = stage.choices, stage.problem.relaxed
    if not problem.limits:
        return values - np.maximum.reduceat(values, choices.starts)[choices.slots]
    split = choices.split(values)
    top = _best(stage, split)
    spread = float(np.ptp(values)) * len(split) + 1.0
    found = np.zeros(choices.total)
    for place, slot in enumerate(choices.slots.tolist()):
        wanted = place - choices.starts[slot]
        # Worth more than all else together, so that the best network has it.
        own = [part + 0.0 for part in split]
        own[slot][wanted] += 2 * spread
        reached = _best(stage, own) - 2 * spread
        found[place] = min(reached - top, 0.0)
    return found


def _best(stage: Stage, values: list[NDArray[np.float64]]) -> float:
    problem = replace(stage.problem.relaxed, score=None)
    score = Trellis.from_values(problem.space, "values", "", 0.0, values)
    try:
        row = exact_best(score, problem)
    except BudgetError:
        return -np.inf
    return float(score.evaluate(row[None])[0])
