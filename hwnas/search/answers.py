"""Answers: what became of each network that a search asked for, kept as soon as it is known."""

from collections.abc import Callable
from typing import TypeAlias

from hwnas.core.errors import RunError
from hwnas.search.outcome import ADVICE, Outcome
from hwnas.search.trials import Trials
from hwnas.spaces.space import Architectures

# So many evaluations may fail before the first one that does not.
_PATIENCE = 3

Heard: TypeAlias = Callable[[Architectures, Outcome], None]
"""Called with an architecture (L,) that was evaluated, and what came of it."""


class Answers:
    """The answers to one search, from its trials or new.

    Attributes:
        least: the worst score so far; None before the first.
    """

    def __init__(
        self, trials: Trials, told: Callable[[], None], heard: Heard | None = None
    ) -> None:
        """Begins.

        Args:
            trials: where answers are kept.
            told: called after each answer.
            heard: called with what was evaluated.
        """
        self._trials, self._told, self._heard = trials, told, heard
        self._failed = 0
        self._failure: str | None = None
        self.least: float | None = None

    def known(self, number: int, architecture: Architectures) -> Outcome | None:
        """What is known of an architecture (L,) that a search asked for as its `number`th.

        None where it is to be evaluated and given to `keep`.

        Raises:
            RunError: the disk is full, or that trial was another architecture: another search.
        """
        outcome = self._trials.answer(number, architecture.tolist())
        if outcome is not None:
            self._note_score(outcome)
            self._told()
        return outcome

    def keep(self, number: int, architecture: Architectures, outcome: Outcome) -> None:
        """Keeps what was found of the architecture that was asked for as the `number`th.

        Raises:
            RunError: the disk is full, or the first evaluations all fail.
        """
        self._note_score(outcome)
        if self.least is None:
            self._failed += 1
            if self._failed == _PATIENCE:
                self.worst()
        self._trials.record_outcome(number, architecture.tolist(), outcome)
        if self._heard is not None:
            self._heard(architecture, outcome)
        self._told()

    def worst(self) -> float:
        """The worst score so far.

        Raises:
            RunError: every evaluation failed.
        """
        if self.least is None:
            raise RunError(f"every evaluation so far failed: {self._failure}; {ADVICE}")
        return self.least

    def _note_score(self, outcome: Outcome) -> None:
        self._failure = outcome.failure
        if outcome.score is not None:
            self.least = outcome.score if self.least is None else min(self.least, outcome.score)
