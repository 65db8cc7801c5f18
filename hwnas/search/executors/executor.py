"""Executor: evaluates the candidates of a question."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from hwnas.search.outcome import Candidate, Evaluate, Outcome


class Executor(Protocol):
    """Evaluates candidates, in any order, perhaps side by side."""

    def run(
        self, evaluate: Evaluate, candidates: Sequence[Candidate]
    ) -> Iterator[tuple[int, Outcome]]:
        """The index of each candidate with its outcome, as they end.

        An executor that evaluates elsewhere gives a failure for what cannot be evaluated; only
        what is wrong with itself is raised.

        Args:
            evaluate: the evaluation. It is the same object throughout a search, and is sent to a
                worker once.
            candidates: of one question.
        """
