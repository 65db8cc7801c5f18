"""Whether a search looks at networks beyond the budgets that its supernet was trained within."""

from contextlib import suppress
from math import inf

from hwnas.core.errors import HwnasError
from hwnas.estimators.registry import SUPERNET_FILE
from hwnas.objectives.objective import amount
from hwnas.runs.experiment import Experiment
from hwnas.search.problem import SearchProblem


def beyond_training(experiment: Experiment, problem: SearchProblem) -> str | None:
    """A warning of budgets looser than `train.budgets`; None where there are none.

    Args:
        experiment: of the run.
        problem: that is searched.
    """
    config = experiment.config
    if config.train is None or config.accuracy.scorer.weights != SUPERNET_FILE:
        return None
    budgets = tuple(config.train.budgets.values())
    looser = []
    # What is wrong with these budgets, the training has said; the supernet is there.
    with suppress(HwnasError):
        for limit in experiment.problem_within(budgets).every_limit if budgets else ():
            bound = problem.bound(limit.name)
            if limit.bound < (inf if bound is None else bound):
                looser.append(f"{limit.name} ≤ {amount(limit.bound)} {limit.unit}")
    if not looser:
        return None
    return (
        f"the supernet was trained within {' and '.join(looser)} (train.budgets), and "
        "search.budgets allow more: its scores say little of networks beyond"
    )
