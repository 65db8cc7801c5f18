"""Scores of networks, one by one: from the journal of rankings, or made and recorded."""

import math
import time

from hwnas.core.errors import RunError
from hwnas.estimators.scores import Scores
from hwnas.runs.ranking_journal import RankingJournal
from hwnas.runs.scores import bindings_digest
from hwnas.spaces import Architectures


class RecordedScores:
    """Scores of an estimator, each of which is recorded before the next is made."""

    def __init__(self, name: str, scores: Scores, journal: RankingJournal) -> None:
        """Takes the estimator's name, its scores, and where they are recorded."""
        self._name, self._scores, self._journal = name, scores, journal
        self._identity = bindings_digest(scores.identity)
        self._stored = journal.scores(name, self._identity)

    def of(self, architecture: Architectures) -> tuple[float, float]:
        """The score of an architecture (L,), and the seconds that making it took.

        Raises:
            RunError: it is no finite number, or cannot be recorded.
        """
        text = str(architecture.tolist())
        if text not in self._stored:
            start = time.perf_counter()
            score = float(self._scores.evaluate_architectures(architecture[None])[0])
            seconds = time.perf_counter() - start
            if not math.isfinite(score):
                raise RunError(f"the {self._name} of architecture {text} is {score}, no number")
            self._journal.record_scores(self._name, self._identity, [(text, score, seconds)])
            self._stored[text] = (score, seconds)
        return self._stored[text]
