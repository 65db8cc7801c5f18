"""Evaluation: how the networks of a search are evaluated, and what ends trainings early."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from hwnas.core.errors import RunError
from hwnas.search.outcome import (
    Candidate,
    Evaluate,
    Finished,
    Outcome,
    StagedScore,
    Stopping,
    finite,
)
from hwnas.search.problem import SearchProblem
from hwnas.search.score import Score
from hwnas.search.trials import Trials
from hwnas.spaces.space import Architectures


@dataclass(frozen=True)
class Scored:
    """The evaluation of a score: nothing is trained, nothing is stopped."""

    score: Score

    def __call__(self, candidate: Candidate) -> Outcome:
        """Its score; a failure where that is no finite number."""
        return finite(float(self.score(candidate.architecture[None])[0]))


class Evaluation:
    """How the networks of one search are evaluated.

    Attributes:
        evaluate: one candidate.
        every: the rule is to be made anew after so many candidates; None where there is none.
    """

    def __init__(self, problem: SearchProblem, score: Score | StagedScore, trials: Trials) -> None:
        """Takes a score of one architecture (1, L) at a time, or an evaluation of candidates."""
        self._problem, self._trials = problem, trials
        self._staged = score if isinstance(score, StagedScore) else None
        self.evaluate: Evaluate = score if isinstance(score, StagedScore) else Scored(score)
        self.every: int | None = None if self._staged is None else self._staged.every

    def rule(self, but: Collection[str] = ()) -> Stopping | None:
        """The rule by which trainings end early, made of what is known now.

        Args:
            but: texts of architectures that it is not to know, unless another search had asked for
                them too.
        """
        if self._staged is None:
            return None
        curves = self._trials.curves(but=but)
        known = self._rows(curves)
        costs = self._problem.costs(known).tolist() if curves else []
        finished = [Finished(*one) for one in zip(known, costs, curves.values(), strict=True)]
        stopped = self._trials.curves(but=but, stopped=True)
        return self._staged.stopping(finished, list(stopped.values()))

    def candidates(self, rows: Architectures, rule: Stopping | None) -> list[Candidate]:
        """Architectures (N, L), to be evaluated under a rule."""
        costs = self._problem.costs(rows).tolist()
        return [Candidate(row, cost, rule) for row, cost in zip(rows, costs, strict=True)]

    def clear_away(self, architecture: Architectures, outcome: Outcome) -> None:
        """Removes what the evaluation of an architecture (L,) has left, if it has failed."""
        if outcome.score is None and self._staged is not None:
            self._staged.discard(architecture)

    def _rows(self, texts: Iterable[str]) -> Architectures:
        """(N, L) the architectures of learning curves, by their texts.

        Raises:
            RunError: one is none of the space: the journal is damaged.
        """
        try:
            rows = np.array([_choices(text) for text in texts], dtype=np.int64)
            return self._problem.space.check(rows) if len(rows) else rows
        except (ValueError, OverflowError) as error:
            raise RunError(
                f"a learning curve that was kept is damaged ({error}); restore the journal from a "
                "copy or move it away"
            ) from error


def _choices(text: str) -> list[int]:
    return list(map(int, text.strip("[]").split(",")))
