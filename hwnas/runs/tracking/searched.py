"""What a search has come to, for trackers: figures, the best so far, learning curves."""

import json
from collections.abc import Mapping

import numpy as np

from hwnas.networks.ids import network_id
from hwnas.runs.tracking.tracker import Point
from hwnas.search.journal import Journal
from hwnas.search.problem import SearchProblem
from hwnas.spaces import Space

BEST = "search/best"
"""The curve of the best score within the budgets, by how many networks were judged."""
CANDIDATES = "candidates"
"""What the names of candidates' learning curves begin with; their id follows."""


def search_figures(journal: Journal) -> dict[str, float]:
    """How many evaluations there were, and what became of those without a measured score."""
    unfinished = journal.outcomes.unfinished.values()
    failed = sum(one.score is None for one in unfinished)
    return {
        "search/evaluated": float(journal.spent()[0] + len(unfinished)),
        "search/failed": float(failed),
        "search/stopped_early": float(len(unfinished) - failed),
    }


def search_curves(journal: Journal, problem: SearchProblem, space: Space) -> list[Point]:
    """The curves of a search: of the best score, and of each candidate that was trained.

    Args:
        journal: of the run.
        problem: with the budgets that the best network keeps.
        space: that is searched.

    Raises:
        RunError: the journal is damaged.
    """
    if not journal.extreme_scores():
        return []
    dates = journal.dates()
    return [*_best(journal, problem, dates), *_learning(journal, space, dates)]


def _best(journal: Journal, problem: SearchProblem, dates: Mapping[str, float]) -> list[Point]:
    """A point for each network that was better than all before, and one for the last."""
    architectures, scores = journal.evaluations_in(problem.space)
    within = np.where(problem.feasible(architectures), scores, -np.inf)
    best = np.maximum.accumulate(within)
    better = np.diff(best, prepend=-np.inf) > 0
    better[-1] = np.isfinite(best[-1])
    times = list(dates.values())  # scores first, in their order
    return [
        Point(BEST, int(index) + 1, float(best[index]), times[index])
        for index in np.flatnonzero(better)
    ]


def _learning(journal: Journal, space: Space, dates: Mapping[str, float]) -> list[Point]:
    found = []
    for text, curve in journal.outcomes.curves().items():
        network = space.network(np.array(json.loads(text), dtype=np.int64))
        name = f"{CANDIDATES}/{network_id(network)}/accuracy"
        when = dates.get(text, 0.0)
        found += [Point(name, epoch, value, when) for epoch, value in enumerate(curve, start=1)]
    return found
