"""Trials: what one search asked for, replayed from where it was kept and then added to."""

import math
from collections.abc import Collection

from typing_extensions import override

from hwnas.core.database import Database, now
from hwnas.core.errors import RunError
from hwnas.search.outcome import ADVICE, Outcome
from hwnas.search.stored_outcomes import StoredOutcomes

_EVALUATION = "INSERT INTO evaluations VALUES (?, ?, ?, ?)"
_PLACED = (
    "INSERT INTO evaluations (rowid, architecture, score, seconds, date) VALUES (?, ?, ?, ?, ?)"
)
_PLACE = "SELECT rowid FROM evaluations WHERE architecture = ?"
_TRIAL = "INSERT INTO trials VALUES (?, ?, ?, ?)"


class Trials:
    """The questions of one searcher, in order, with their scores: here in memory alone.

    Attributes:
        count: how many questions were answered so far.
    """

    def __init__(
        self,
        scores: dict[str, float] | None = None,
        unfinished: dict[str, Outcome] | None = None,
    ) -> None:
        """Begins; what is known by the architecture's text is added to.

        Args:
            scores: those that were measured.
            unfinished: what was stopped or has failed.
        """
        self.count = 0
        self._scores: dict[str, float] = {} if scores is None else scores
        self._unfinished: dict[str, Outcome] = {} if unfinished is None else unfinished
        self._curves: dict[str, tuple[float, ...]] = {}
        self._stopped: dict[str, tuple[float, ...]] = {}

    def begin(self, architectures: list[list[int]]) -> None:
        """Called with the architectures of a question, before any of them is answered."""

    def asked(self) -> list[list[int]]:
        """All that the search asked for before it was interrupted, in order."""
        return []

    def answer(self, number: int, architecture: list[int]) -> Outcome | None:
        """What is known of the architecture that a search has asked for as its `number`th.

        None when it is to be evaluated and given to `record_outcome`.

        Raises:
            RunError: the disk is full, or that trial was another architecture: another search.
        """
        text = str(architecture)
        score = self._scores.get(text)
        known = self._unfinished.get(text) if score is None else Outcome(score)
        if known is None:
            self._check(number, text)
            return None
        self._store(number, [text], {}, 0.0)
        self.count += 1
        return known

    def known(self, architecture: list[int]) -> bool:
        """Whether its score is known, whoever asked for it."""
        return str(architecture) in self._scores

    def curves(
        self, but: Collection[str] = (), *, stopped: bool = False
    ) -> dict[str, tuple[float, ...]]:
        """The curves of all that was trained to its end, by the architecture's text.

        Args:
            but: texts of those that this search has asked for last: they are left out, but for
                those that another search had asked for too.
            stopped: those of what was stopped, instead.
        """
        left = self._own(but)
        return {t: c for t, c in sorted(self._all_curves(stopped).items()) if t not in left}

    def record_outcome(self, number: int, architecture: list[int], outcome: Outcome) -> None:
        """Keeps what was found of the architecture that was asked for as the `number`th.

        Raises:
            RunError: the disk is full, or the architecture was evaluated already.
        """
        text = str(architecture)
        self._store_outcome(number, text, outcome)
        if outcome.score is not None and outcome.is_measured:
            self._scores[text] = outcome.score
            if outcome.curve:
                self._all_curves()[text] = outcome.curve
        else:
            self._unfinished[text] = outcome
            if outcome.curve and outcome.score is not None:
                self._all_curves(stopped=True)[text] = outcome.curve
        self.count += 1

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
                    f"{ADVICE}"
                )
        # A list of integers reads the same in Python and in JSON.
        texts = list(map(str, architectures))
        self._store(self.count, texts, scores, seconds)
        self._scores |= scores
        self.count += len(architectures)
        return [self._scores[text] for text in texts]

    def _check(self, number: int, text: str) -> None:
        """Refuses the architecture of a trial that was another one before."""

    def _store(
        self, first: int, texts: list[str], scores: dict[str, float], seconds: float
    ) -> None:
        """Stores trials, from number `first` on, and new scores, before they count."""

    def _store_outcome(self, number: int, text: str, outcome: Outcome) -> None:
        """Stores a trial and what was found, before it counts."""

    def _all_curves(self, stopped: bool = False) -> dict[str, tuple[float, ...]]:
        return self._stopped if stopped else self._curves

    def _own(self, texts: Collection[str]) -> set[str]:
        """Those of some texts that no other search has asked for."""
        return set(texts)


class StoredTrials(Trials):
    """The same in a journal.

    The history is read once, so that an evaluation costs one transaction and nothing else. While
    a search runs, no other process may write to its journal: locks see to that.
    """

    def __init__(
        self,
        database: Database,
        scores: dict[str, float],
        outcomes: StoredOutcomes,
        search: tuple[str, str],
        otherwise: str,
    ) -> None:
        """Reads what the search asked for before.

        Args:
            database: the journal's.
            scores: every known score by the architecture's text; added to.
            outcomes: what the journal holds beside scores.
            search: the searcher's name, and what tells its searches with other budgets, limits or
                seeds apart.
            otherwise: what to do where another journal is needed.
        """
        super().__init__(scores, outcomes.unfinished)
        self._database, self._outcomes = database, outcomes
        self._key, self._otherwise = search, otherwise
        self._first = 0
        self._place: int | None = None  # that SQLite gives, until a question begins
        query = "SELECT number, architecture FROM trials WHERE searcher = ? AND settings = ?"
        known = {text: text for text in scores}  # so that each text is there once
        rows = database.each(query, self._key)
        self._asked: dict[int, str] = {number: known.get(text, text) for number, text in rows}

    @override
    def begin(self, architectures: list[list[int]]) -> None:
        """Gives their scores places among all, the same in whatever order and command they come.

        Of equal networks the first is on a front.
        """
        texts = list(map(str, architectures))
        if all(text in self._scores or text in self._unfinished for text in texts):
            return
        done = [t for n, t in enumerate(texts, self.count) if self._asked.get(n) == t]
        own = self._own([text for text in done if text in self._scores])
        found = [
            row - texts.index(text)
            for text in own
            for (row,) in self._database.rows(_PLACE, (text,))
        ]
        ((last,),) = self._database.rows("SELECT coalesce(max(rowid), 0) FROM evaluations")
        self._first, self._place = self.count, max(found, default=last + 1)

    @override
    def asked(self) -> list[list[int]]:
        texts = [text for _, text in sorted(self._asked.items())]
        return [list(map(int, text.strip("[]").split(","))) for text in texts]

    @override
    def _store(
        self, first: int, texts: list[str], scores: dict[str, float], seconds: float
    ) -> None:
        new = [(n, text) for n, text in enumerate(texts, first) if n not in self._asked]
        for number, text in enumerate(texts, first):
            self._check(number, text)
        if not scores and not new:
            return
        date = now()
        with self._database.transaction():
            for text, score in scores.items():
                self._database.write(_EVALUATION, (text, score, seconds, date))
            for number, text in new:
                self._database.write(_TRIAL, (*self._key, number, text))

    @override
    def _store_outcome(self, number: int, text: str, outcome: Outcome) -> None:
        self._check(number, text)
        with self._database.transaction():
            if outcome.is_measured:
                place = None if self._place is None else self._place + number - self._first
                values = (place, text, outcome.score, outcome.seconds, now())
                self._database.write(_PLACED, values)
            else:
                self._outcomes.write_unfinished(text, outcome)
            self._outcomes.write_curve(text, outcome.curve)
            if number not in self._asked:
                self._database.write(_TRIAL, (*self._key, number, text))

    @override
    def _all_curves(self, stopped: bool = False) -> dict[str, tuple[float, ...]]:
        return self._outcomes.stopped_curves if stopped else self._outcomes.finished_curves

    @override
    def _own(self, texts: Collection[str]) -> set[str]:
        query = "SELECT 1 FROM trials WHERE architecture = ? AND (searcher, settings) != (?, ?)"
        return {one for one in texts if not self._database.rows(query, (one, *self._key))}

    @override
    def _check(self, number: int, text: str) -> None:
        asked = self._asked.get(number)
        if asked is not None and asked != text:
            raise RunError(
                f"{self._database.path} holds another search of '{self._key[0]}' under the same "
                f"settings; {self._otherwise}"
            )
