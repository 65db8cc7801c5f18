"""What a sum over the space promises most of, among what was not asked for yet."""

import numpy as np

from hwnas.search.exact.exact_front import FEW_LABELS, exact_front
from hwnas.search.exact.k_best import k_best
from hwnas.search.problem import SearchProblem
from hwnas.search.searchers.searcher import Searcher
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures


def promising(searcher: Searcher, model: Trellis, count: int) -> Architectures:
    """(count', L) what a searcher has not asked for yet and a sum promises most of, best first."""
    if count <= 0:
        return searcher.nothing
    problem, asked = searcher.problem, len(searcher.scores) + len(searcher.pending)
    best, _ = k_best(model, problem.relaxed, asked + count)
    rows = searcher.unseen(within(problem, best))[:count]
    if len(rows) < count:
        # Budgets that hardly agree, or a space that is nearly all seen.
        front = exact_front(model, problem.relaxed, FEW_LABELS).architectures[::-1]
        rows = searcher.unseen(np.concatenate((rows, within(problem, front))))[:count]
    return rows


def within(problem: SearchProblem, rows: Architectures) -> Architectures:
    """What is left of rows (N, L) of an exact search by limits that it does not know of."""
    return rows[problem.feasible(rows)] if problem.tested else rows
