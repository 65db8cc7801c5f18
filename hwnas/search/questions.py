"""Answering what a searcher asks: what is known is replayed, the rest evaluated and kept."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hwnas.search.answers import Answers
from hwnas.search.evaluation import Evaluation
from hwnas.search.executors import Executor
from hwnas.search.outcome import Outcome
from hwnas.search.trials import Trials
from hwnas.spaces.space import Architectures


class Questions:
    """The questions of one search and their answers.

    What a rule that stops trainings knows are the candidates of earlier stages alone, and never
    what happens to run at the same time: so the answers depend neither on the executor, nor on
    where a search was interrupted.
    """

    def __init__(
        self, evaluation: Evaluation, trials: Trials, answers: Answers, executor: Executor
    ) -> None:
        """Begins.

        Args:
            evaluation: of networks.
            trials: of the search.
            answers: theirs.
            executor: evaluates.
        """
        self._evaluation, self._trials = evaluation, trials
        self._answers, self._executor = answers, executor

    def answer(self, asked: Architectures) -> NDArray[np.float64]:
        """(N,) what the searcher is told of architectures (N, L).

        A predicted score is told as a measured one is. What has failed is told as the worst that
        this search was told so far, so that it is avoided.

        Raises:
            RunError: the first evaluations all fail.
        """
        self._trials.begin(asked.tolist())
        first, outcomes = self._trials.count, dict[int, Outcome]()
        size = self._evaluation.every or max(1, len(asked))
        for start in range(0, len(asked), size):
            stage = range(start, min(start + size, len(asked)))
            outcomes |= self._answer_stage(asked, stage, first)
        least = self._answers.worst()
        scores = [outcomes[index].score for index in range(len(asked))]
        return np.array([least if score is None else score for score in scores])

    def _answer_stage(
        self, asked: Architectures, stage: Sequence[int], first: int
    ) -> dict[int, Outcome]:
        outcomes, unknown = {}, []
        for index in stage:
            known = self._answers.known(first + index, asked[index])
            if known is None:
                unknown.append(index)
            else:
                outcomes[index] = known
        if unknown:
            rule = self._evaluation.rule(but=list(map(str, asked[list(stage)].tolist())))
            candidates = self._evaluation.candidates(asked[unknown], rule)
            for number, outcome in self._executor.run(self._evaluation.evaluate, candidates):
                index = unknown[number]
                self._answers.keep(first + index, asked[index], outcome)
                self._evaluation.clear_away(asked[index], outcome)
                outcomes[index] = outcome
        return outcomes
