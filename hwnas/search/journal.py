"""Journal: every evaluation of a run in one append-only SQLite file, `run.sqlite`."""

import json
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hwnas.core.database import Database
from hwnas.core.errors import HwnasError, RunError
from hwnas.core.stored_rows import COUNT, DATE, FINITE, SECONDS, TEXT, Rules
from hwnas.search.stored_outcomes import ARCHITECTURE, OUTCOME_RULES, OUTCOMES, StoredOutcomes
from hwnas.search.trials import StoredTrials
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.space import Architectures, keys

_SCHEMA = """
CREATE TABLE IF NOT EXISTS evaluations (
    architecture TEXT PRIMARY KEY, score REAL NOT NULL, seconds REAL NOT NULL, date TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS trials (
    searcher TEXT, settings TEXT, number INTEGER, architecture TEXT NOT NULL,
    PRIMARY KEY (searcher, settings, number));
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


# What runs and searches of every score are tied to.
_NOT_OF_THE_SCORE = {"space", "scores"}
_RULES: Rules = {
    "evaluations": {
        "architecture": ARCHITECTURE,
        "score": FINITE,
        "seconds": SECONDS,
        "date": DATE,
    },
    "trials": {"searcher": TEXT, "settings": TEXT, "number": COUNT, "architecture": ARCHITECTURE},
    "meta": {"key": TEXT, "value": TEXT},
}


class Journal:
    """What was evaluated, and which searcher asked for it when.

    Each evaluation is committed, with the question it answers, before the next begins, so that a
    killed process loses at most the one it was at. An architecture is a JSON list of choices in
    the file. One that is there and is only read may be another user's (`reading`).

    Attributes:
        path: of the file.
        otherwise: what to do where another journal is needed, as messages say it.

    Raises:
        RunError: the file cannot be opened, is damaged, or is no journal.
    """

    def __init__(
        self,
        path: Path,
        *,
        reading: bool = False,
        otherwise: str = "name a new run folder with --run",
    ) -> None:
        self.path, self.otherwise = path, otherwise
        self._database = Database(
            path,
            format_name="journal of hwnas 1",
            schema=_SCHEMA + OUTCOMES,
            error=RunError,
            reading=reading,
            rules={**_RULES, **OUTCOME_RULES},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; nothing is pending."""
        self._database.close()

    def trials(self, searcher: str, settings: str = "") -> StoredTrials:
        """The questions of a searcher, from its first: what is known is replayed.

        Args:
            searcher: its name.
            settings: tells searches of one name with other budgets, limits or seeds apart.
        """
        return StoredTrials(
            self._database, self._scores, self.outcomes, (searcher, settings), self.otherwise
        )

    @cached_property
    def outcomes(self) -> StoredOutcomes:
        """What was stopped or has failed, and learning curves; searches add to it."""
        return StoredOutcomes(self._database)

    @cached_property
    def _scores(self) -> dict[str, float]:
        """Every recorded score by the architecture's text; searches add to it."""
        return dict(self._database.rows("SELECT architecture, score FROM evaluations"))

    def evaluations(self) -> tuple[Architectures, NDArray[np.float64]]:
        """(N, L) architectures and their (N,) scores, in the order of evaluation."""
        rows = self._database.rows("SELECT architecture, score FROM evaluations ORDER BY rowid")
        scores = np.array([score for _, score in rows], dtype=np.float64)
        return self._architectures([text for text, _ in rows]), scores

    def evaluations_in(self, space: ChoiceSpace) -> tuple[Architectures, NDArray[np.float64]]:
        """The same as `evaluations`, all of which must be architectures of a space.

        Raises:
            RunError: one is none, or there are none.
        """
        architectures, scores = self.evaluations()
        try:
            return space.check(architectures), scores
        except ValueError as error:
            raise self.damaged(error) from error

    def _architectures(self, texts: list[str]) -> Architectures:
        """(N, L) architectures of their texts."""
        if not texts:
            return np.empty((0, 0), dtype=np.int64)
        try:  # all at once: there may be a million
            architectures = np.array(json.loads(f"[{','.join(texts)}]"), dtype=np.int64)
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise self._database.damaged(
                f"an architecture is no list of choices ({error})"
            ) from error
        if architectures.ndim != 2:
            raise self._database.damaged("an architecture is a list of lists")
        return architectures

    def extreme_scores(self) -> tuple[float, ...]:
        """The least and the greatest score; nothing where there are none."""
        (extremes,) = self._database.rows("SELECT min(score), max(score) FROM evaluations")
        return tuple(score for score in extremes if score is not None)

    def spent(self) -> tuple[int, float]:
        """How many networks were judged, and how many seconds that took, searchers aside."""
        ((count, seconds),) = self._database.rows(
            "SELECT count(*), coalesce(sum(seconds), 0) FROM evaluations"
        )
        return int(count), float(seconds)

    def damaged(self, what: object) -> HwnasError:
        """The error to raise of content that cannot be."""
        return self._database.damaged(what)

    def searchers_of(
        self, settings: Collection[str] | None = None
    ) -> dict[tuple[int, ...], set[str]]:
        """Which searchers asked for each architecture; only those of some settings, if given."""
        query = "SELECT architecture, searcher, settings FROM trials"
        asked = [
            (text, searcher)
            for text, searcher, setting in self._database.rows(query)
            if settings is None or setting in settings
        ]
        found: dict[tuple[int, ...], set[str]] = {}
        rows = keys(self._architectures([text for text, _ in asked]))
        for row, (_, searcher) in zip(rows, asked, strict=True):
            found.setdefault(row, set()).add(searcher)
        return found

    def bind(self, key: str, value: str) -> None:
        """Ties the run to something, like the hash of the supernet that its scores come from.

        Raises:
            RunError: the run is tied to another value.
        """
        self._database.write("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, value))
        self._check_bound(key, value, self.bound(key))

    def bind_scores(self, identity: Mapping[str, str]) -> None:
        """Ties the run to all that its scores depend on, at once.

        Args:
            identity: texts by name; of another kind of score they have other names.

        Raises:
            RunError: the scores that are there depend on something else.
        """
        known = self.bindings()
        for key, value in identity.items():
            self._check_bound(key, value, known.get(key, value))
        kinds = [one.keys() - _NOT_OF_THE_SCORE for one in (known, identity)]
        empty = not kinds[0] and not self.extreme_scores()
        if not empty and kinds[0] != kinds[1]:
            raise RunError(
                f"{self.path} holds scores of {_origin(known)}, and not of {_origin(identity)}; "
                f"bring that score back, or {self.otherwise}"
            )
        with self._database.transaction():
            for key, value in identity.items():
                self._database.write("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, value))

    def _check_bound(self, key: str, value: str, known: str | None) -> None:
        if known != value:
            raise RunError(
                f"{self.path} was made with another {key} ({known}, now {value}); bring that one "
                f"back, or {self.otherwise}"
            )

    def bound(self, key: str) -> str | None:
        """What the run is tied to, None where it is not."""
        rows = self._database.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def bindings(self) -> dict[str, str]:
        """All that the run is tied to, but for marks of ended searches and notes."""
        rows = self._database.rows(
            "SELECT key, value FROM meta WHERE key NOT LIKE 'ended %' AND key NOT LIKE 'note %'"
        )
        return dict(rows)

    def note(self, key: str, value: str) -> None:
        """Keeps a text about a search, in place of what was kept under this key."""
        self._database.write("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"note {key}", value))

    def noted(self, key: str) -> str | None:
        """What `note` kept under a key, None where nothing."""
        return self.bound(f"note {key}")


def _origin(identity: Mapping[str, str]) -> str:
    """Where scores come from, as messages say it."""
    if "estimator" in identity:
        return f"the estimator {identity['estimator']}"
    return identity.get("score", "another kind")
