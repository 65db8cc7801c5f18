"""L2NAS (Mills et al. 2021, arXiv 2109.12425): an actor proposes, a quantile critic judges it."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.objectives.statistics.sums import one_hot
from hwnas.search.exact.k_best import k_best
from hwnas.search.searchers.searcher import Searcher
from hwnas.search.trellis import Trellis
from hwnas.spaces.space import Architectures

if TYPE_CHECKING:  # loads PyTorch
    from hwnas.search.searchers.actor_critic import ActorCritic

# Networks a step of learning; and candidates of an exact search, of which the first within the
# budgets that have to be tested is asked for: more than one only where there are such, or where an
# exact search for one is not certain to have found the best.
_BATCH, _CANDIDATES = 64, 8
# Proposals in a row that are known, each with more noise, before a random network is taken.
_PROPOSALS = 6


class L2NASSettings(StrictModel):
    """How both learn, and how much is left to chance.

    Attributes:
        warm_up: random networks before the actor proposes any; by default a tenth of the
            evaluations, at least 10.
        best: K, networks whose mean is the state.
        quantile: of the reward that the critic predicts: high ones look for what may become great.
        explore: share of random networks after the first, which falls to 0.
        noise: standard deviation of what is added to the logarithms of the actor's probabilities.
        steps: of gradient descent after each network.
        actor_rate: learning rate of the actor.
        critic_rate: learning rate of the critic.
        batch: networks that are asked for at once, to be evaluated side by side.
    """

    warm_up: Annotated[int, Field(ge=1)] | None = None
    best: Annotated[int, Field(ge=1)] = 10
    quantile: Annotated[float, Field(gt=0, lt=1)] = 0.9
    explore: Annotated[float, Field(ge=0, le=1)] = 0.3
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.5
    steps: Annotated[int, Field(ge=1, le=1000)] = 4
    actor_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    critic_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    batch: Annotated[int, Field(ge=1)] = 1


class L2NAS(Searcher):
    """Reinforcement learning whose action is a value for every choice of every slot.

    The state is the mean of the best K networks so far. The actor gives the choices probabilities;
    noise is added to their logarithms, and the network of the greatest sum within the budgets is
    asked for, found exactly. After each score the critic learns a high quantile of the
    rewards by the check loss, and the actor goes where the critic expects most.

    Published are networks of continuous actions without budgets; the exact search is ours.

    Raises:
        BudgetError: no network keeps the budgets.
    """

    name: ClassVar[str] = "l2nas"
    asynchronous: ClassVar[Mapping[str, Any] | None] = {"batch": 1}
    settings_model: ClassVar[type[StrictModel]] = L2NASSettings
    settings: L2NASSettings

    @override
    def prepare(self) -> None:
        usual = max(10, self.evaluations // 10)
        warm_up = usual if self.settings.warm_up is None else self.settings.warm_up
        self._warm_up = min(warm_up, max(1, self.evaluations // 2))
        counts = self.problem.space.choice_counts
        self._ends = np.cumsum(counts)[:-1]
        self._total = int(counts.sum())
        self._learner: ActorCritic | None = None
        self._states = np.empty((0, self._total), dtype=np.float32)

    @override
    def ask(self) -> Architectures:
        missing = self._warm_up - len(self.scores) - len(self.pending)
        if missing > 0 or not self.scores:
            return self.random(max(1, missing))
        count = min(self.settings.batch, self.remaining)
        return self.one_by_one(count, partial(self._proposed, self._state()))

    @override
    def tell(self, architectures: Architectures, scores: NDArray[np.float64]) -> None:
        # In an asynchronous search the state may have become another one since.
        state = self._state() if self.scores else np.zeros(self._total, dtype=np.float32)
        super().tell(architectures, scores)
        self._states = np.concatenate((self._states, np.tile(state, (len(architectures), 1))))
        if len(self.scores) >= self._warm_up:
            self._learn(len(architectures))

    def _learn(self, count: int) -> None:
        rows, scores = self.evaluated
        if self._learner is None:
            from hwnas.search.searchers.actor_critic import ActorCritic

            rates = self.settings.actor_rate, self.settings.critic_rate
            counts = self.problem.space.choice_counts.tolist()
            self._learner = ActorCritic(counts, self.generator, self.settings.quantile, rates)
            count = len(rows)
        rewards = (scores - scores.mean()) / (scores.std() or 1.0)
        self._learner.learn(
            self._states,
            self._actions(rows),
            rewards.astype(np.float32),
            count * self.settings.steps,
            _BATCH,
        )

    def _state(self) -> NDArray[np.float32]:
        """(T,) the mean of the best networks so far."""
        rows, scores = self.evaluated
        best = np.argsort(-scores, kind="stable")[: self.settings.best]
        mean: NDArray[np.float32] = self._actions(rows[best]).mean(axis=0)
        return mean

    def _actions(self, rows: Architectures) -> NDArray[np.float32]:
        """(N, T) a 1 for each choice of architectures (N, L)."""
        return one_hot(self.problem.space.choice_counts, rows).astype(np.float32)

    def _proposed(self, state: NDArray[np.float32], others: Architectures) -> Architectures:
        """(1, L) a new network that is none of `others`; (0, L) where nothing is left."""
        left = self.remaining / max(1, self.evaluations - self._warm_up)
        if self._learner is None or self.generator.random() < self.settings.explore * left:
            return self.random(1, others)
        values = self._learner.values(state)
        for turn in range(_PROPOSALS):
            noise = self.generator.normal(0.0, 1.0, self._total)
            best = self._best(values + self.settings.noise * (1 + turn) * noise)
            row = self.first_unseen(best, others)
            if len(row):
                return row
        return self.random(1, others)

    def _best(self, values: NDArray[np.float64]) -> Architectures:
        """(N, L) the network of the greatest sum within the budgets; perhaps none."""
        slots = np.split(values, self._ends)
        row = self.problem.space.canonical(np.array([[int(slot.argmax()) for slot in slots]]))
        if self.problem.feasible(row)[0]:
            return row
        score = Trellis.from_values(self.problem.space, "actor", "", 0.0, slots)
        count = _CANDIDATES if self.problem.tested else 1
        rows, certain = k_best(score, self.problem.relaxed, count)
        if not certain and count < _CANDIDATES:
            rows, _ = k_best(score, self.problem.relaxed, _CANDIDATES)
        return rows[self.problem.feasible(rows)][:1]
