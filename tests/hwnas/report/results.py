"""Results of searches without a run: NAS-Bench-Macro's MACs and a synthetic score."""

import numpy as np

from hwnas.estimators.supernet.estimator import SupernetEstimator
from hwnas.runs.searching import SearchResult
from hwnas.spaces.space import keys
from tests.hwnas.search.problems import every_architecture, macro, macro_problem, synthetic_score


def result_of(
    asked: dict[str, list[int]], *, quantile: float | None = None, shift: float = 0.0
) -> SearchResult:
    """What searchers find who ask for the networks of these numbers, in % above `shift`."""
    problem, every = macro_problem(quantile), every_architecture(macro())
    numbers = sorted({number for some in asked.values() for number in some})
    rows = every[numbers]
    found_by: dict[tuple[int, ...], set[str]] = {}
    for name, some in asked.items():
        for key in keys(every[some]):
            found_by.setdefault(key, set()).add(name)
    scores = np.asarray(synthetic_score(rows) + shift)
    front = problem.front(rows, scores)
    info = SupernetEstimator().info()
    return SearchResult(problem, front, rows, scores, found_by, info, "digest")
