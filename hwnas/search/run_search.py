"""The ask/tell loop: every score is in the journal before the next is computed."""

import math
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import RunError
from hwnas.search.journal import Journal
from hwnas.search.searchers.searcher import Searcher
from hwnas.search.trials import Trials
from hwnas.spaces.space import Architectures

Score = Callable[[Architectures], NDArray[np.float64]]
"""(N, L) architectures → (N,) scores, to be maximised."""


def run_search(
    searcher: Searcher,
    objective_score: Score,
    journal: Journal,
    progress: Callable[[int, int], None] | None = None,
    settings: str = "",
    *,
    together: bool = False,
) -> None:
    """Runs a searcher to its end; interrupted and run again, it goes on where it was.

    Resuming is replaying: a searcher made anew asks for the same architectures, and what the
    journal holds is not evaluated again.

    Args:
        searcher: freshly made.
        objective_score: called with one architecture (1, L) at a time, or with all of a question.
        journal: of this run.
        progress: called with (evaluations done, limit) after each.
        settings: tells searches of one name with other budgets, limits or seeds apart.
        together: whether the architectures of a question are evaluated and stored together: for
            scores that cost less than storing them.

    Raises:
        RunError: the journal cannot be used, belongs to another search, or a score is no number.
    """
    trials = journal.trials(searcher.name, settings)
    while len(asked := searcher.ask()):
        if together:
            scores = _all_of(asked, objective_score, trials)
            if progress is not None:
                progress(trials.count, searcher.evaluations)
        else:
            scores = np.empty(len(asked))
            for index, row in enumerate(asked.tolist()):
                known = trials.replay(row)
                if known is None:
                    known = _evaluate(asked[index : index + 1], row, objective_score, trials)
                scores[index] = known
                if progress is not None:
                    progress(trials.count, searcher.evaluations)
        searcher.tell(asked, scores)


def _all_of(asked: Architectures, objective_score: Score, trials: Trials) -> NDArray[np.float64]:
    rows = asked.tolist()
    unknown = [index for index, row in enumerate(rows) if not trials.known(row)]
    start = time.perf_counter()
    found = objective_score(asked[unknown]).tolist() if unknown else []
    seconds = (time.perf_counter() - start) / max(1, len(unknown))
    for index, score in zip(unknown, found, strict=True):
        _check(rows[index], score)
    new = {str(rows[index]): score for index, score in zip(unknown, found, strict=True)}
    return np.array(trials.record_all(rows, new, seconds))


def _evaluate(
    architecture: Architectures, row: list[int], objective_score: Score, trials: Trials
) -> float:
    start = time.perf_counter()
    score = float(objective_score(architecture)[0])
    _check(row, score)
    trials.record(row, score, time.perf_counter() - start)
    return score


def _check(row: list[int], score: float) -> None:
    if not math.isfinite(score):
        raise RunError(f"the score of architecture {row} is {score}, not a number")
