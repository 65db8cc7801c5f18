"""An asynchronous search: whoever is free gets the next network at once, by all that is known."""

from collections.abc import Iterator
from itertools import chain

import numpy as np

from hwnas.core.errors import RunError
from hwnas.search.answers import Answers
from hwnas.search.asking import Asking
from hwnas.search.evaluation import Evaluation
from hwnas.search.executors import Executor
from hwnas.search.outcome import Candidate, Outcome, Stopping
from hwnas.search.searchers.searcher import Searcher
from hwnas.search.trials import Trials
from hwnas.spaces.space import Architectures, keys


class AsynchronousSearch:
    """A searcher that is told each score as it comes, and asked while evaluations are under way.

    What is found depends on which evaluation ends first, so that a search that was interrupted
    cannot be replayed. It is resumed from what is known: the searcher, made anew, asks what it asks
    first, is told all that it was told, and goes on from there. What was under way is forgotten.
    """

    def __init__(
        self,
        searcher: Searcher,
        evaluation: Evaluation,
        trials: Trials,
        answers: Answers,
        executor: Executor,
    ) -> None:
        """Begins.

        Args:
            searcher: freshly made; it can be asked while evaluations are pending.
            evaluation: of networks.
            trials: of the search.
            answers: theirs.
            executor: evaluates.
        """
        self._searcher, self._asking = searcher, Asking(searcher)
        self._evaluation, self._executor = evaluation, executor
        self._trials, self._answers = trials, answers
        self._running: dict[int, Architectures] = {}
        self._unscored: list[Architectures] = []
        self._rule: Stopping | None = None
        self._next_rule = 0

    def run(self) -> None:
        """Searches to the end.

        Raises:
            RunError: the first evaluations all fail, or the journal is damaged.
        """
        candidates = self._candidates()
        first = next(candidates, None)
        if first is not None:  # or it has ended before, and no executor needs to be there
            chosen = chain([first], candidates)
            for number, outcome in self._executor.run(self._evaluation.evaluate, chosen):
                row = self._running.pop(number)
                self._answers.keep(self._trials.count, row, outcome)
                self._evaluation.clear_away(row, outcome)
                self._tell(row, outcome)
        if self._trials.count:
            self._answers.worst()

    def _candidates(self) -> Iterator[Candidate]:
        """What is to be evaluated; each is chosen when it is taken."""
        count = 0
        for rows in self._questions():
            for row in rows:
                known = self._answers.known(self._trials.count, row)
                if known is not None:
                    self._tell(row, known)
                    continue
                self._running[count] = row
                count += 1
                yield self._evaluation.candidates(row[None], self._present_rule())[0]

    def _questions(self) -> Iterator[Architectures]:
        first, before = self._ask(), self._told_before()
        for number, row in enumerate(before):
            known = self._answers.known(number, row)
            if known is None:
                raise RunError(
                    f"the journal has no evaluation of {row.tolist()}, which this search was told; "
                    "restore it from a copy or move it away"
                )
            self._tell(row, known)
        told = set(keys(before))
        self._asking.note(before)
        yield first[[row not in told for row in keys(first)]]
        while len(rows := self._ask()):
            yield rows

    def _ask(self) -> Architectures:
        rows = self._asking()
        self._searcher.pending.update(dict.fromkeys(keys(rows)))
        return rows

    def _told_before(self) -> Architectures:
        """(N, L) what this search was told before it was interrupted, in that order."""
        try:
            asked = self._trials.asked()
            return self._searcher.problem.space.check(np.array(asked or self._searcher.nothing))
        except (ValueError, OverflowError) as error:
            raise RunError(
                f"the journal holds what is no network of the space ({error}); restore it from a "
                "copy or move it away"
            ) from error

    def _present_rule(self) -> Stopping | None:
        """The rule that may stop trainings, made anew after so many of them have ended."""
        every = self._evaluation.every
        if every is not None and self._trials.count >= self._next_rule:
            self._rule, self._next_rule = self._evaluation.rule(), self._trials.count + every
        return self._rule

    def _tell(self, row: Architectures, outcome: Outcome) -> None:
        """Tells the searcher; of a failure the worst score so far, as soon as there is one."""
        self._unscored.append(row)
        least = self._answers.least
        if least is None:
            return
        scores = np.full(len(self._unscored), least)
        if outcome.score is not None:
            scores[-1] = outcome.score
        self._searcher.tell(np.array(self._unscored), scores)
        self._unscored.clear()
