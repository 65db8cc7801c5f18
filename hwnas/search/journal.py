"""Journal: every evaluation of a run in one append-only SQLite file, `run.sqlite`."""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from itertools import count, islice, repeat
from operator import itemgetter
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hwnas.core.database import Database
from hwnas.core.errors import HwnasError, RunError
from hwnas.core.stored_rows import COUNT, DATE, FINITE, SECONDS, TEXT, Rules
from hwnas.search.stored_architectures import ARCHITECTURE, parsed_architectures
from hwnas.search.stored_outcomes import OUTCOME_RULES, OUTCOMES, StoredOutcomes
from hwnas.search.trials import StoredTrials
from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.space import Architectures

_SCHEMA = """
CREATE TABLE IF NOT EXISTS evaluations (
    architecture TEXT PRIMARY KEY, score REAL NOT NULL, seconds REAL NOT NULL, date TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS trials (
    searcher TEXT, settings TEXT, number INTEGER, architecture TEXT NOT NULL,
    PRIMARY KEY (searcher, settings, number));
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

_EXTENT = re.compile(r"(\d{1,10}) trials, (\d{1,10}) networks")
# So many architectures are parsed at once: quick, and still little memory.
_TOGETHER = 50_000
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
        ((total,),) = self._database.rows("SELECT count(*) FROM evaluations")
        query = "SELECT architecture, score FROM evaluations ORDER BY rowid"
        rows = islice(self._database.each(query), total)
        found, scores, done = np.empty((0, 0), dtype=np.int64), np.empty(total), 0
        while some := list(islice(rows, _TOGETHER)):  # there may be a million
            try:
                part = parsed_architectures([text for text, _ in some])
                found = found if done else np.empty((total, part.shape[1]), dtype=np.int64)
                found[done : done + len(part)] = part
            except ValueError as error:
                raise self._database.damaged(error) from error
            scores[done : done + len(part)] = [score for _, score in some]
            done += len(part)
        return found, scores

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

    def dates(self) -> dict[str, float]:
        """When each evaluation ended, in seconds since 1970, by the architecture's text.

        Those with a score come first, in the order of evaluation.
        """
        query = "SELECT architecture, CAST(strftime('%s', date) AS REAL) FROM {} ORDER BY rowid"
        scored, unfinished = map(query.format, ("evaluations", "unfinished"))
        return dict(self._database.rows(scored)) | dict(self._database.rows(unfinished))

    def damaged(self, what: object) -> HwnasError:
        """The error to raise of content that cannot be."""
        return self._database.damaged(what)

    def asked_by(self, settings: Collection[str] | None = None) -> dict[str, NDArray[np.bool_]]:
        """Searcher → (N,) which of `evaluations` it asked for.

        Args:
            settings: whose questions count; None for all.

        The names are sorted; a searcher that asked for none is left out.
        """
        places = dict(zip(self._texts("evaluations ORDER BY rowid"), count(), strict=False))
        found: dict[str, NDArray[np.bool_]] = {}
        for search in self._database.rows("SELECT DISTINCT searcher, settings FROM trials"):
            if settings is None or search[1] in settings:
                # Without the index: most rows are wanted, and in their order they are read faster.
                own = self._texts("trials NOT INDEXED WHERE (searcher, settings) = (?, ?)", search)
                asked = np.fromiter(map(places.get, own, repeat(-1)), dtype=np.int64)
                mask = found.setdefault(search[0], np.zeros(len(places), dtype=np.bool_))
                mask[asked[asked >= 0]] = True  # others have no score
        return {name: mask for name, mask in sorted(found.items()) if mask.any()}

    def _texts(self, of: str, values: tuple[object, ...] = ()) -> Iterator[str]:
        """The text of each architecture of a table."""
        return map(itemgetter(0), self._database.each(f"SELECT architecture FROM {of}", values))

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

    def note_end(self, searcher: str, settings: str) -> None:
        """Notes that a search has ended, with all that is there by then."""
        key, (trials, networks) = _end(searcher, settings), self._extent(searcher, settings)
        value = f"{trials} trials, {networks} networks"
        self._database.write("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def has_ended(self, searcher: str, settings: str) -> bool:
        """Whether a search was noted to have ended."""
        return self.bound(_end(searcher, settings)) is not None

    def is_whole(self, searcher: str, settings: str) -> bool:
        """Whether a search has ended and all of it is still there: to replay it changes nothing."""
        noted = _EXTENT.fullmatch(self.bound(_end(searcher, settings)) or "")
        if noted is None:  # under way; or a journal of an earlier version, which noted less
            return False
        trials, networks = self._extent(searcher, settings)
        return trials == int(noted[1]) and networks >= int(noted[2])

    def forget_ended(self, limits: Mapping[str, float | None]) -> int:
        """Forgets failures of evaluations that took more than they might then, and may now.

        Their searches ask for these networks again. What a search asked for after one, it asked
        not knowing its score: it goes on from there. All that was evaluated stays known.

        Args:
            limits: of an evaluation, by name; None for none.

        Returns:
            How many were forgotten.
        """
        unfinished = self.outcomes.unfinished.items()
        texts = [t for t, one in unfinished if one.ended and one.ended.is_allowed_now(limits)]
        with self._database.transaction():
            for text in texts:
                for table in ("unfinished", "ended_by", "curves"):
                    self._database.write(f"DELETE FROM {table} WHERE architecture = ?", (text,))
                query = "SELECT searcher, settings, number FROM trials WHERE architecture = ?"
                for searcher, settings, number in self._database.rows(query, (text,)):
                    self._forget_from(searcher, settings, number)
        del self.outcomes  # is read anew
        return len(texts)

    def _forget_from(self, searcher: str, settings: str, number: int) -> None:
        later = "DELETE FROM trials WHERE searcher = ? AND settings = ? AND number >= ?"
        self._database.write(later, (searcher, settings, number))
        self._database.write("DELETE FROM meta WHERE key = ?", (_end(searcher, settings),))

    def _extent(self, searcher: str, settings: str) -> tuple[int, int]:
        """How many trials a search has, and how many networks the journal knows something of."""
        ((trials, networks),) = self._database.rows(
            "SELECT (SELECT count(*) FROM trials WHERE searcher = ? AND settings = ?), "
            "(SELECT count(*) FROM evaluations) + (SELECT count(*) FROM unfinished)",
            (searcher, settings),
        )
        return trials, networks

    def note(self, key: str, value: str) -> None:
        """Keeps a text about a search, in place of what was kept under this key."""
        self._database.write("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"note {key}", value))

    def noted(self, key: str) -> str | None:
        """What `note` kept under a key, None where nothing."""
        return self.bound(f"note {key}")


def _end(searcher: str, settings: str) -> str:
    return f"ended {searcher} {settings}"


def _origin(identity: Mapping[str, str]) -> str:
    """Where scores come from, as messages say it."""
    if "estimator" in identity:
        return f"the estimator {identity['estimator']}"
    return identity.get("score", "another kind")
