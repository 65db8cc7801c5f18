"""Trials: what one search asked for, replayed from its journal and then added to."""

import math
from datetime import UTC, datetime

from hwnas.core.database import Database
from hwnas.core.errors import RunError

_EVALUATION = "INSERT INTO evaluations VALUES (?, ?, ?, ?)"
_TRIAL = "INSERT INTO trials VALUES (?, ?, ?, ?)"


class Trials:
    """The questions of one searcher under its settings, in order.

    The history is read once, so that an evaluation costs one transaction and nothing else. While
    a search runs, no other process may write to its journal: run folders see to that.

    Attributes:
        count: how many questions were answered so far, from the journal or by an evaluation.
    """

    def __init__(
        self, database: Database, scores: dict[str, float], searcher: str, settings: str
    ) -> None:
        """Reads what the search asked for before.

        Args:
            database: the journal's.
            scores: every known score by the architecture's text; added to.
            searcher: its name.
            settings: tells searches of one name with other budgets, limits or seeds apart.
        """
        self.count = 0
        self._database = database
        self._scores = scores
        self._key = (searcher, settings)
        query = "SELECT number, architecture FROM trials WHERE searcher = ? AND settings = ?"
        self._asked: dict[int, str] = dict(database.rows(query, self._key))

    def replay(self, architecture: list[int]) -> float | None:
        """The score of the next architecture asked for, when the journal knows it.

        None when it is to be evaluated and given to `record`.

        Raises:
            RunError: the disk is full, or that trial was another architecture: another search.
        """
        text = str(architecture)
        self._check(self.count, text)
        score = self._scores.get(text)
        if score is not None:
            if self.count not in self._asked:
                self._database.write(_TRIAL, (*self._key, self.count, text))
            self.count += 1
        return score

    def known(self, architecture: list[int]) -> bool:
        """Whether the journal has its score, whoever asked for it."""
        return str(architecture) in self._scores

    def record_all(
        self, architectures: list[list[int]], scores: dict[str, float], seconds: float
    ) -> list[float]:
        """Stores the next architectures asked for, all of them or none; returns their scores.

        Args:
            architectures: in order.
            scores: by the architecture's text, of those that the journal does not know.
            seconds: that computing each of these took.

        Raises:
            RunError: the disk is full, or a trial was another architecture: another search.
        """
        date = datetime.now(UTC).isoformat(timespec="seconds")
        with self._database.transaction():
            for text, score in scores.items():
                self._database.write(_EVALUATION, (text, score, seconds, date))
            for number, architecture in enumerate(architectures, start=self.count):
                self._check(number, str(architecture))
                if number not in self._asked:
                    self._database.write(_TRIAL, (*self._key, number, str(architecture)))
        self._scores |= scores
        self.count += len(architectures)
        return [self._scores[str(architecture)] for architecture in architectures]

    def record(self, architecture: list[int], score: float, seconds: float) -> None:
        """Stores the next architecture asked for, its score, and how long that took to compute.

        Both are committed, together, when the call returns.

        Raises:
            RunError: the disk is full, the architecture was evaluated already, or the score is no
                finite number.
        """
        if not math.isfinite(score):
            raise RunError(
                f"the score of architecture {architecture} is {score}, no number that can be "
                "compared; train the supernet again with a lower learning rate, or name another "
                "accuracy.source"
            )
        text = str(architecture)  # a list of integers reads the same in Python and in JSON
        date = datetime.now(UTC).isoformat(timespec="seconds")
        with self._database.transaction():
            self._database.write(_EVALUATION, (text, score, seconds, date))
            if self.count not in self._asked:
                self._database.write(_TRIAL, (*self._key, self.count, text))
        self._scores[text] = score
        self.count += 1

    def _check(self, number: int, text: str) -> None:
        asked = self._asked.get(number)
        if asked is not None and asked != text:
            raise RunError(
                f"{self._database.path} holds another search of '{self._key[0]}' under the same "
                "settings; use a new run folder"
            )
