"""The ask/tell loop: every score is in the journal before the next is computed."""

import math
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from devices.errors import RunError
from hwnas.runs.journal import Journal
from hwnas.search.searcher import Searcher
from hwnas.spaces.space import Architectures

Score = Callable[[Architectures], NDArray[np.float64]]
"""(N, L) architectures → (N,) scores, to be maximised."""


def run_search(
    searcher: Searcher,
    objective_score: Score,
    journal: Journal,
    progress: Callable[[int, int], None] | None = None,
    settings: str = "",
) -> None:
    """Runs a searcher to its end; interrupted and run again, it goes on where it was.

    Resuming is replaying: a searcher made anew asks for the same architectures, and what the
    journal holds is not evaluated again.

    Args:
        searcher: freshly made.
        objective_score: called with one architecture (1, L) at a time.
        journal: of this run.
        progress: called with (evaluations done, limit) after each.
        settings: tells searches of one name with other budgets, limits or seeds apart.

    Raises:
        RunError: the journal cannot be used, belongs to another search, or a score is no number.
    """
    number = 0
    while len(asked := searcher.ask()):
        scores = np.empty(len(asked))
        for index, row in enumerate(asked):
            scores[index] = _score(row, objective_score, journal)
            journal.record_trial(searcher.name, number, row, settings)
            number += 1
            if progress is not None:
                progress(number, searcher.evaluations)
        searcher.tell(asked, scores)


def _score(row: Architectures, objective_score: Score, journal: Journal) -> float:
    known = journal.score(row)
    if known is not None:
        return known
    start = time.perf_counter()
    score = float(objective_score(row[None])[0])
    if not math.isfinite(score):
        raise RunError(f"the score of architecture {row.tolist()} is {score}, not a number")
    journal.record(row, score, time.perf_counter() - start)
    return score
