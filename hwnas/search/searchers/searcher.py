"""Searcher: the one interface of every search method, and what they share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hwnas.core.configs import StrictModel
from hwnas.core.errors import ConfigError
from hwnas.search.exact.exact_front import check_reachable_together
from hwnas.search.exact.sampling import sample_feasible
from hwnas.search.policies.history import ValueHistory
from hwnas.search.problem import SearchProblem
from hwnas.spaces.space import Architectures, keys


class Searcher(ABC):
    """Proposes canonical architectures and learns their scores.

    A searcher is a pure function of problem, evaluation limit, seed and the scores it is told, so
    that a stopped search resumes by replaying its history: made again with the same arguments it
    asks for the same architectures, whose scores the journal already holds.

    It never asks for an architecture twice, and never for more than `evaluations` in all. A
    searcher of your own defines `name` and `ask`, and perhaps `settings_model`, `prepare` and
    `tell`; `hwnas.testing.searchers` tests that it keeps these rules.

    Attributes:
        problem: what is searched.
        evaluations: how many architectures may be asked for.
        generator: for everything random.
        settings: of the searcher's `settings_model`.
        scores: by architecture, what the searcher was told so far.
        pending: what it has asked for and was not told yet, where it is asked all the same: in an
            asynchronous search; empty in any other.
        how: a clause on how it has searched, where there is something to say.
    """

    name: ClassVar[str]
    """What configs call it, and by what the journal tells its questions from others'."""
    version: ClassVar[int] = 1
    """Raised when it asks for something else than before: searches under way begin anew."""
    settings_model: ClassVar[type[StrictModel]] = StrictModel
    """What can be set, with a default for everything."""
    needs_known_score: ClassVar[bool] = False
    """Whether it works on `SearchProblem.score` alone: a score that costs nothing to compute."""
    keeps_limits: ClassVar[bool] = True
    """Whether all that it asks for keeps the problem's limits."""
    ends_early: ClassVar[bool] = False
    """Whether it may end before its evaluations or the networks within the limits do."""
    asynchronous: ClassVar[Mapping[str, Any] | None] = None
    """Other defaults of its settings in an asynchronous search; None where it needs all scores of a
    question before the next one.

    One that needs them not may be asked while evaluations are `pending`, and is told of each alone,
    as it ends. What it asks for first does not depend on scores; and when it asks for nothing, the
    search is over, whatever it may still be told.
    """

    def __init__(
        self,
        problem: SearchProblem,
        evaluations: int,
        seed: int,
        settings: StrictModel | None = None,
    ) -> None:
        """Prepares a search.

        Args:
            problem: what is searched.
            evaluations: how many architectures may be asked for.
            seed: of everything random.
            settings: of the searcher's `settings_model`, None for its defaults.

        Raises:
            BudgetError: no network of the space keeps the limits, or the searcher cannot keep one.
            ConfigError: the searcher needs a known score, and the problem has none.
        """
        check_reachable_together(problem)
        if self.needs_known_score and problem.score is None:
            raise ConfigError(
                f"{self.name} needs a score that costs nothing to compute; use another "
                "searcher, such as 'surrogate'"
            )
        self.problem = problem
        self.evaluations = evaluations
        self.generator = np.random.default_rng(seed)
        self.settings = self.settings_model() if settings is None else settings
        self.scores: dict[tuple[int, ...], float] = {}
        self.pending: dict[tuple[int, ...], None] = {}
        self.how: str | None = None
        self.prepare()

    @classmethod
    def costs_asked(cls, settings: StrictModel) -> tuple[str, ...]:
        """The names of costs, beside the front's, that settings name: the problem has to know them.

        They are found by `SearchProblem.cost_of`.
        """
        del settings
        return ()

    def prepare(self) -> None:  # noqa: B027  # most searchers need none
        """Called once, before the first question, with all attributes set."""

    @abstractmethod
    def ask(self) -> Architectures:
        """(N, L) canonical architectures to evaluate next, (0, L) when the search is over."""

    def tell(self, architectures: Architectures, scores: NDArray[np.float64]) -> None:
        """Learns the scores (N,), to be maximised, of the architectures last asked for."""
        told = keys(architectures)
        self.scores.update(zip(told, scores.tolist(), strict=True))
        for row in told if self.pending else ():
            self.pending.pop(row, None)

    @property
    def value_history(self) -> ValueHistory | None:
        """What it has held of each choice on the way, now at last; None where it holds nothing."""
        return None

    @property
    def remaining(self) -> int:
        """How many more evaluations are allowed."""
        return self.evaluations - len(self.scores) - len(self.pending)

    @property
    def evaluated(self) -> tuple[Architectures, NDArray[np.float64]]:
        """(N, L) every architecture whose score is known, in order, and their (N,) scores."""
        rows = np.array(list(self.scores), dtype=np.int64).reshape(-1, self.problem.length)
        return rows, np.array(list(self.scores.values()), dtype=np.float64)

    @property
    def rows_pending(self) -> Architectures:
        """(N, L) every architecture that was asked for and whose score is not known."""
        return np.array(list(self.pending), dtype=np.int64).reshape(-1, self.problem.length)

    def random(self, count: int, but: Architectures | None = None) -> Architectures:
        """(count', L) random architectures within the limits, new and none of `but`.

        Fewer than `count` where fewer are left, of the space or of the evaluations.
        """
        others = self.pending if but is None else {*self.pending, *keys(but)}
        seen = {*self.scores, *others} if others else self.scores
        return sample_feasible(self.problem, self.generator, min(count, self.remaining), seen)

    def unseen(self, architectures: Architectures) -> Architectures:
        """The distinct rows, in order, that were not asked for yet; at most `remaining`."""
        rows = dict.fromkeys(keys(architectures))
        fresh = [row for row in rows if self.is_new(row)][: self.remaining]
        return np.array(fresh, dtype=np.int64).reshape(len(fresh), self.problem.length)

    def first_unseen(self, architectures: Architectures, but: Architectures) -> Architectures:
        """(1, L) the first row that was not asked for yet and is none of `but`; (0, L) for none."""
        taken = set(keys(but))
        for row in keys(self.unseen(architectures)):
            if row not in taken:
                return np.array([row], dtype=np.int64)
        return self.nothing

    def one_by_one(
        self, count: int, another: Callable[[Architectures], Architectures]
    ) -> Architectures:
        """(count', L) what is asked for at once, where each depends on those before it.

        Args:
            count: how many.
            another: gives one (1, L), given those before it (N, L); or none, which ends it.
        """
        rows = self.nothing
        for _ in range(count):
            row = another(rows)
            if not len(row):
                break
            rows = np.concatenate((rows, row))
        return rows

    def is_new(self, architecture: tuple[int, ...]) -> bool:
        """Whether its score is neither known nor pending."""
        return architecture not in self.scores and architecture not in self.pending

    @property
    def nothing(self) -> Architectures:
        """(0, L): the answer of `ask` when the search is over."""
        return np.empty((0, self.problem.length), dtype=np.int64)
