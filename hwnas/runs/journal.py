"""Journal: every evaluation of a run in one append-only SQLite file, `run.sqlite`."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from devices.database import Database
from devices.errors import RunError
from hwnas.spaces.space import Architectures

_SCHEMA = """
CREATE TABLE IF NOT EXISTS evaluations (
    architecture TEXT PRIMARY KEY, score REAL NOT NULL, seconds REAL NOT NULL, date TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS trials (
    searcher TEXT, settings TEXT, number INTEGER, architecture TEXT NOT NULL,
    PRIMARY KEY (searcher, settings, number));
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)
"""


class Journal:
    """What was evaluated, and which searcher asked for it when.

    Each record is committed before its call returns, so that a killed process loses at most the
    evaluation it was at. An architecture is a JSON list of choices in the file.

    Raises:
        RunError: the file cannot be opened, is damaged, or is no journal.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = Database(
            path, format_name="journal of hwnas 1", schema=_SCHEMA, error=RunError
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; nothing is pending."""
        self._database.close()

    def score(self, architecture: Architectures) -> float | None:
        """The recorded score of a canonical architecture (L,), None where there is none."""
        query = "SELECT score FROM evaluations WHERE architecture = ?"
        rows = self._database.rows(query, (_text(architecture),))
        return float(rows[0][0]) if rows else None

    def record(self, architecture: Architectures, score: float, seconds: float) -> None:
        """Stores the score of a canonical architecture (L,) and how long it took to compute.

        Raises:
            RunError: the disk is full, or the architecture is recorded already.
        """
        date = datetime.now(UTC).isoformat(timespec="seconds")
        self._database.write(
            "INSERT INTO evaluations VALUES (?, ?, ?, ?)",
            (_text(architecture), float(score), float(seconds), date),
        )

    def record_trial(
        self, searcher: str, number: int, architecture: Architectures, settings: str = ""
    ) -> None:
        """Stores that a searcher asked for an architecture (L,) as its `number`-th.

        Args:
            searcher: its name.
            number: 0 for the first.
            architecture: what it asked for.
            settings: tells searches of one name with other budgets, limits or seeds apart.

        Raises:
            RunError: the disk is full, or that trial was another architecture: another search.
        """
        key, text = (searcher, settings, number), _text(architecture)
        self._database.write("INSERT OR IGNORE INTO trials VALUES (?, ?, ?, ?)", (*key, text))
        query = "SELECT architecture FROM trials WHERE searcher = ? AND settings = ? AND number = ?"
        if self._database.rows(query, key)[0][0] != text:
            raise RunError(
                f"{self.path} holds another search of '{searcher}' under the same settings; "
                "use a new run folder"
            )

    def evaluations(self) -> tuple[Architectures, NDArray[np.float64]]:
        """(N, L) architectures and their (N,) scores, in the order of evaluation."""
        rows = self._database.rows("SELECT architecture, score FROM evaluations ORDER BY rowid")
        architectures = [self._choices(text) for text, _ in rows]
        length = len(architectures[0]) if rows else 0
        return (
            np.array(architectures, dtype=np.int64).reshape(len(rows), length),
            np.array([score for _, score in rows], dtype=np.float64),
        )

    def searchers_of(self) -> dict[tuple[int, ...], set[str]]:
        """Which searchers asked for each architecture."""
        found: dict[tuple[int, ...], set[str]] = {}
        for text, searcher in self._database.rows("SELECT architecture, searcher FROM trials"):
            found.setdefault(self._choices(text), set()).add(searcher)
        return found

    def bind(self, key: str, value: str) -> None:
        """Ties the run to something, like the hash of the supernet that its scores come from.

        Raises:
            RunError: the run is tied to another value.
        """
        self._database.write("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, value))
        known = self.bound(key)
        if known != value:
            raise RunError(
                f"{self.path} was made with {key} {known}, now it is {value}; use a new run folder"
            )

    def bound(self, key: str) -> str | None:
        """What the run is tied to, None where it is not."""
        rows = self._database.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def _choices(self, text: str) -> tuple[int, ...]:
        try:
            return tuple(int(choice) for choice in json.loads(text))
        except (ValueError, TypeError) as error:
            raise RunError(f"{self.path} is damaged: {text!r} is no architecture") from error


def _text(architecture: Architectures) -> str:
    return json.dumps([int(choice) for choice in architecture])
