"""What a journal holds beside scores: learning curves, and what was stopped or has failed."""

from functools import cached_property

from hwnas.core.database import Database, now
from hwnas.core.stored_rows import COUNT, DATE, FINITE, SECONDS, TEXT, Rules, between
from hwnas.search.outcome import Ended, Outcome
from hwnas.search.stored_architectures import ARCHITECTURE

OUTCOMES = """
CREATE TABLE IF NOT EXISTS curves (
    architecture TEXT NOT NULL, epoch INTEGER NOT NULL, accuracy REAL NOT NULL,
    PRIMARY KEY (architecture, epoch));
CREATE TABLE IF NOT EXISTS unfinished (
    architecture TEXT PRIMARY KEY, predicted REAL, deviation REAL, reason TEXT,
    seconds REAL NOT NULL, date TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ended_by (
    architecture TEXT PRIMARY KEY, name TEXT NOT NULL, most REAL NOT NULL)
"""

_PREDICTED = f"{{}} IS NULL OR {between(-1e9, 1e9)}"
OUTCOME_RULES: Rules = {
    "curves": {"architecture": ARCHITECTURE, "epoch": COUNT, "accuracy": between(0.0, 100.0)},
    "unfinished": {
        "architecture": ARCHITECTURE,
        "predicted": _PREDICTED,
        "deviation": f"(predicted IS NULL) = ({{}} IS NULL) AND ({_PREDICTED})",
        "reason": f"(predicted IS NULL) = ({{}} IS NOT NULL) AND ({{}} IS NULL OR ({TEXT}))",
        "seconds": SECONDS,
        "date": DATE,
    },
    "ended_by": {"architecture": ARCHITECTURE, "name": TEXT, "most": FINITE},
}
"""What cells of these tables may hold: a prediction with its deviation, or a reason."""


class StoredOutcomes:
    """The learning curves and unfinished evaluations of a journal.

    Attributes:
        unfinished: what was stopped or has failed, by the architecture's text; searches add to it.
    """

    def __init__(self, database: Database) -> None:
        """Reads what was stopped or has failed."""
        self._database = database
        query = (
            "SELECT architecture, predicted, deviation, reason, seconds, name, most "
            "FROM unfinished LEFT JOIN ended_by USING (architecture)"
        )
        self.unfinished: dict[str, Outcome] = {
            text: Outcome(predicted, seconds, (), deviation, reason, name and Ended(name, most))
            for text, predicted, deviation, reason, seconds, name, most in database.rows(query)
        }

    @property
    def finished_curves(self) -> dict[str, tuple[float, ...]]:
        """The curves of trainings that were not stopped, by the architecture's text."""
        return self._sorted_curves[0]

    @property
    def stopped_curves(self) -> dict[str, tuple[float, ...]]:
        """The curves of trainings that were stopped, by the architecture's text."""
        return self._sorted_curves[1]

    @cached_property
    def _sorted_curves(self) -> tuple[dict[str, tuple[float, ...]], dict[str, tuple[float, ...]]]:
        """The finished and the stopped ones, without those of trainings that failed."""
        finished, stopped = {}, {}
        for text, curve in self.curves().items():
            known = self.unfinished.get(text)
            if known is None:
                finished[text] = curve
            elif known.score is not None:
                stopped[text] = curve
        return finished, stopped

    def curves(self) -> dict[str, tuple[float, ...]]:
        """Every curve, in % from the first epoch on, by the architecture's text."""
        found: dict[str, list[float]] = {}
        query = "SELECT architecture, accuracy FROM curves ORDER BY architecture, epoch"
        for text, accuracy in self._database.rows(query):
            found.setdefault(text, []).append(accuracy)
        return {text: tuple(curve) for text, curve in found.items()}

    def write_unfinished(self, text: str, outcome: Outcome) -> None:
        """Writes what was stopped or has failed, in a transaction that is open."""
        values = (outcome.score, outcome.deviation, outcome.failure, outcome.seconds, now())
        self._database.write("INSERT INTO unfinished VALUES (?, ?, ?, ?, ?, ?)", (text, *values))
        if (ended := outcome.ended) is not None:
            limit = (text, ended.limit, ended.most)
            self._database.write("INSERT INTO ended_by VALUES (?, ?, ?)", limit)

    def write_curve(self, text: str, curve: tuple[float, ...]) -> None:
        """Writes the accuracies of a training, in a transaction that is open."""
        rows = [(text, epoch, accuracy) for epoch, accuracy in enumerate(curve, 1)]
        self._database.write_many("INSERT INTO curves VALUES (?, ?, ?)", rows)
