"""Answering what a searcher asks: what is known is replayed, the rest evaluated and kept."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import RunError
from hwnas.search.executors import Executor
from hwnas.search.outcome import (
    ADVICE,
    Candidate,
    Evaluate,
    Finished,
    Outcome,
    StagedScore,
    finite,
)
from hwnas.search.problem import SearchProblem
from hwnas.search.score import Score
from hwnas.search.trials import Trials
from hwnas.spaces.space import Architectures

# So many evaluations may fail before the first one that does not.
_PATIENCE = 3


Heard: TypeAlias = Callable[[Architectures, Outcome], None]
"""Called with an architecture (L,) that was evaluated, and what came of it."""


class Questions:
    """The questions of one search and their answers.

    What a rule that stops trainings knows are the candidates of earlier stages alone, and never
    what happens to run at the same time: so the answers depend neither on the executor, nor on
    where a search was interrupted.
    """

    def __init__(
        self,
        problem: SearchProblem,
        score: Score | StagedScore,
        trials: Trials,
        executor: Executor,
        told: Callable[[], None],
        heard: Heard | None = None,
    ) -> None:
        """Begins.

        Args:
            problem: that is searched.
            score: of one architecture (1, L) at a time, or an evaluation of candidates.
            trials: where answers are kept.
            executor: evaluates.
            told: called after each answer.
            heard: called with what was evaluated.
        """
        self._problem, self._trials, self._executor, self._told = problem, trials, executor, told
        self._staged = score if isinstance(score, StagedScore) else None
        self._evaluate: Evaluate = score if isinstance(score, StagedScore) else Scored(score)
        self._heard = heard
        self._least: float | None = None
        self._failed = 0

    def answer(self, asked: Architectures) -> NDArray[np.float64]:
        """(N,) what the searcher is told of architectures (N, L).

        A predicted score is told as a measured one is. What has failed is told as the worst that
        this search was told so far, so that it is avoided.

        Raises:
            RunError: the first evaluations all fail.
        """
        self._trials.begin(asked.tolist())
        first, outcomes = self._trials.count, dict[int, Outcome]()
        size = (self._staged and self._staged.every) or max(1, len(asked))
        for start in range(0, len(asked), size):
            stage = range(start, min(start + size, len(asked)))
            outcomes |= self._answer_stage(asked, stage, first)
        scores = [outcome.score for outcome in map(outcomes.__getitem__, range(len(asked)))]
        least = [score for score in (*scores, self._least) if score is not None]
        if not least:
            raise _all_failed(outcomes[len(asked) - 1])
        self._least = min(least)
        return np.array([self._least if score is None else score for score in scores])

    def _answer_stage(
        self, asked: Architectures, stage: Sequence[int], first: int
    ) -> dict[int, Outcome]:
        outcomes, unknown = {}, []
        for index in stage:
            known = self._trials.answer(first + index, asked[index].tolist())
            if known is None:
                unknown.append(index)
            else:
                self._note_score(known)
                outcomes[index] = known
                self._told()
        if unknown:
            candidates = self._candidates(asked[unknown], asked[list(stage)])
            for number, outcome in self._executor.run(self._evaluate, candidates):
                index = unknown[number]
                self._check(outcome)
                self._trials.record_outcome(first + index, asked[index].tolist(), outcome)
                outcomes[index] = outcome
                if self._heard is not None:
                    self._heard(asked[index], outcome)
                self._told()
        return outcomes

    def _candidates(self, rows: Architectures, stage: Architectures) -> list[Candidate]:
        """Those of a stage that are to be evaluated, with the rule that may stop them."""
        rule = None
        if self._staged is not None:
            asked = list(map(str, stage.tolist()))
            curves = self._trials.curves(but=asked)
            known = self._rows(curves)
            costs = self._problem.costs(known).tolist() if curves else []
            finished = zip(known, costs, curves.values(), strict=True)
            stopped = self._trials.curves(but=asked, stopped=True)
            rule = self._staged.stopping(
                [Finished(*each) for each in finished], list(stopped.values())
            )
        costs = self._problem.costs(rows).tolist()
        return [Candidate(row, cost, rule) for row, cost in zip(rows, costs, strict=True)]

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

    def _check(self, outcome: Outcome) -> None:
        """Ends a search that fails from its beginning.

        Raises:
            RunError: nothing was evaluated yet, and this is one failure too many.
        """
        self._note_score(outcome)
        if self._least is None:
            self._failed += 1
            if self._failed == _PATIENCE:
                raise _all_failed(outcome)

    def _note_score(self, outcome: Outcome) -> None:
        if outcome.score is not None:
            self._least = outcome.score if self._least is None else min(self._least, outcome.score)


@dataclass(frozen=True)
class Scored:
    """The evaluation of a score: nothing is trained, nothing is stopped."""

    score: Score

    def __call__(self, candidate: Candidate) -> Outcome:
        """Its score; a failure where that is no finite number."""
        return finite(float(self.score(candidate.architecture[None])[0]))


def _choices(text: str) -> list[int]:
    return list(map(int, text.strip("[]").split(",")))


def _all_failed(outcome: Outcome) -> RunError:
    return RunError(f"every evaluation so far failed: {outcome.failure}; {ADVICE}")
