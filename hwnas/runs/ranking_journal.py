"""RankingJournal: every score and every training of `hwnas rank`, in the run's `ranking.sqlite`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Self

from hwnas.core.database import Database
from hwnas.core.errors import RunError
from hwnas.core.stored_rows import FINITE, SECONDS, TEXT, Rules, between

_SCHEMA = """
CREATE TABLE IF NOT EXISTS scores (
    estimator TEXT, identity TEXT, architecture TEXT, score REAL NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (estimator, identity, architecture));
CREATE TABLE IF NOT EXISTS trainings (
    identity TEXT, architecture TEXT, accuracy REAL NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (identity, architecture))
"""

_RULES: Rules = {
    "scores": {
        "estimator": TEXT,
        "identity": TEXT,
        "architecture": TEXT,
        "score": FINITE,
        "seconds": SECONDS,
    },
    "trainings": {
        "identity": TEXT,
        "architecture": TEXT,
        "accuracy": between(0.0, 100.0),
        "seconds": SECONDS,
    },
}

Scored = tuple[str, float, float]
"""An architecture's text, its score, and the seconds that took."""


class RankingJournal:
    """What was scored and trained; each is committed before the next begins.

    `identity` is a hash of all that a score depends on beside the network, so that those of another
    supernet, file or seed never meet.

    Raises:
        RunError: the file cannot be opened, is damaged, or is something else.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(
            path, format_name="ranking of hwnas 1", schema=_SCHEMA, error=RunError, rules=_RULES
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def scores(self, estimator: str, identity: str) -> dict[str, tuple[float, float]]:
        """(score, seconds) by the architecture's text."""
        query = "SELECT architecture, score, seconds FROM scores WHERE (estimator, identity) = "
        rows = self._database.rows(f"{query}(?, ?)", (estimator, identity))
        return {text: (score, seconds) for text, score, seconds in rows}

    def record_scores(self, estimator: str, identity: str, scored: Iterable[Scored]) -> None:
        """Stores new scores, all of them or none."""
        with self._database.transaction():
            for text, score, seconds in scored:
                values = (estimator, identity, text, score, seconds)
                self._database.write("INSERT INTO scores VALUES (?, ?, ?, ?, ?)", values)

    def training(self, identity: str, text: str) -> float | None:
        """The accuracy in percent of an architecture's text; None where it was not trained."""
        query = "SELECT accuracy FROM trainings WHERE (identity, architecture) = (?, ?)"
        rows = self._database.rows(query, (identity, text))
        return next((accuracy for (accuracy,) in rows), None)

    def record_training(self, identity: str, text: str, accuracy: float, seconds: float) -> None:
        """Stores a new training."""
        values = (identity, text, accuracy, seconds)
        self._database.write("INSERT INTO trainings VALUES (?, ?, ?, ?)", values)
