"""Trials: what one search asked for, replayed from where it was kept and then added to."""

import math
from datetime import UTC, datetime

from typing_extensions import override

from hwnas.core.database import Database
from hwnas.core.errors import RunError

_EVALUATION = "INSERT INTO evaluations VALUES (?, ?, ?, ?)"
_TRIAL = "INSERT INTO trials VALUES (?, ?, ?, ?)"


class Trials:
    """The questions of one searcher, in order, with their scores: here in memory alone.

    Attributes:
        count: how many questions were answered so far.
    """

    def __init__(self, scores: dict[str, float] | None = None) -> None:
        """Begins; `scores` are those known by the architecture's text, and are added to."""
        self.count = 0
        self._scores: dict[str, float] = {} if scores is None else scores

    def replay(self, architecture: list[int]) -> float | None:
        """The score of the next architecture asked for, when that is known.

        None when it is to be evaluated and given to `record`.

        Raises:
            RunError: the disk is full, or that trial was another architecture: another search.
        """
        text = str(architecture)
        score = self._scores.get(text)
        if score is None:
            self._check(self.count, text)
            return None
        self._store([text], {}, 0.0)
        self.count += 1
        return score

    def known(self, architecture: list[int]) -> bool:
        """Whether its score is known, whoever asked for it."""
        return str(architecture) in self._scores

    def record_all(
        self, architectures: list[list[int]], scores: dict[str, float], seconds: float
    ) -> list[float]:
        """Keeps the next architectures asked for, all of them or none; returns their scores.

        Args:
            architectures: in order.
            scores: by the architecture's text, of those that are not known.
            seconds: that computing each of these took.

        Raises:
            RunError: the disk is full, a trial was another architecture: another search, or a
                score is no finite number.
        """
        for text, score in scores.items():
            if not math.isfinite(score):
                raise RunError(
                    f"the score of architecture {text} is {score}, no number that can be compared; "
                    "correct the function that gives it, or train the supernet again with a lower "
                    "learning rate, or name another estimator"
                )
        texts = list(map(str, architectures))
        self._store(texts, scores, seconds)
        self._scores |= scores
        self.count += len(architectures)
        return [self._scores[text] for text in texts]

    def record(self, architecture: list[int], score: float, seconds: float) -> None:
        """Keeps the next architecture asked for, its score, and how long that took to compute.

        Raises:
            RunError: the disk is full, the architecture was evaluated already, or the score is no
                finite number.
        """
        # A list of integers reads the same in Python and in JSON.
        self.record_all([architecture], {str(architecture): score}, seconds)

    def _check(self, number: int, text: str) -> None:
        """Refuses the architecture of a trial that was another one before."""

    def _store(self, texts: list[str], scores: dict[str, float], seconds: float) -> None:
        """Stores the next trials and new scores, before they count."""


class StoredTrials(Trials):
    """The same in a journal.

    The history is read once, so that an evaluation costs one transaction and nothing else. While
    a search runs, no other process may write to its journal: locks see to that.
    """

    def __init__(
        self,
        database: Database,
        scores: dict[str, float],
        search: tuple[str, str],
        otherwise: str,
    ) -> None:
        """Reads what the search asked for before.

        Args:
            database: the journal's.
            scores: every known score by the architecture's text; added to.
            search: the searcher's name, and what tells its searches with other budgets, limits or
                seeds apart.
            otherwise: what to do where another journal is needed.
        """
        super().__init__(scores)
        self._database = database
        self._key, self._otherwise = search, otherwise
        query = "SELECT number, architecture FROM trials WHERE searcher = ? AND settings = ?"
        self._asked: dict[int, str] = dict(database.rows(query, self._key))

    @override
    def _store(self, texts: list[str], scores: dict[str, float], seconds: float) -> None:
        new = [(n, text) for n, text in enumerate(texts, self.count) if n not in self._asked]
        for number, text in enumerate(texts, self.count):
            self._check(number, text)
        if not scores and not new:
            return
        date = datetime.now(UTC).isoformat(timespec="seconds")
        with self._database.transaction():
            for text, score in scores.items():
                self._database.write(_EVALUATION, (text, score, seconds, date))
            for number, text in new:
                self._database.write(_TRIAL, (*self._key, number, text))

    @override
    def _check(self, number: int, text: str) -> None:
        asked = self._asked.get(number)
        if asked is not None and asked != text:
            raise RunError(
                f"{self._database.path} holds another search of '{self._key[0]}' under the same "
                f"settings; {self._otherwise}"
            )
