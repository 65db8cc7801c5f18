"""DDPNAS (Zheng et al. 2019, arXiv 1905.13543): prunes what promises least, stage by stage."""

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.search.policies.permutations import moved, permuted, widest
from hwnas.search.policies.policy import Policy
from hwnas.search.policies.reach import reachable
from hwnas.search.policies.tally import Tally
from hwnas.search.policies.walk import Choices, Open, picked
from hwnas.spaces.space import Architectures

# Random networks of what is left, for each of a round, of which those within the budgets count.
_CANDIDATES = 64
_SURELY = 1e6  # a logit that no noise outweighs


class PruningSettings(StrictModel):
    """How long choices are judged before some go.

    Attributes:
        rounds: in each every choice that is left is judged once, before the least of every slot is
            pruned; by default as many as use up the planned draws, at least one.
        sharpness: of the softmax over the mean rewards of a slot's choices, in standard deviations.
    """

    rounds: Annotated[int, Field(ge=1)] | None = None
    sharpness: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2.0


class PruningSearch(Policy):
    """Every slot has choices that are left; a round draws a permutation of them in every slot.

    So each is judged as often. After some rounds (3 in the paper) the softmax of their mean rewards
    moves their velocity, the velocity their value, and the least of every slot is pruned, until one
    is left. Nothing is pruned without which the budgets cannot be kept.

    Published is a softmax of 100 times the accuracy; ours is of rewards in standard deviations,
    whatever their unit, and the rounds follow from the planned draws.
    """

    name: ClassVar[str] = "ddpnas"
    settings_model: ClassVar[type[StrictModel]] = PruningSettings
    settings: PruningSettings
    growing: ClassVar[frozenset[str]] = frozenset({"queue"})

    @override
    def prepare(self) -> None:
        self._tally = Tally(self.choices, self.learnt)
        widest = int(self.choices.counts.max())
        judged = widest * (widest + 1) // 2 - 1  # of one round before every pruning
        self._rounds = self.settings.rounds or max(1, self.planned // max(1, judged))
        # With fewer planned draws than a pruning of each takes, several are pruned at once.
        prunings = judged * self._rounds / max(1, self.planned)
        self._at_once = 1 if self.settings.rounds else max(1, int(np.ceil(prunings)))
        self.learnt["alive"] = np.ones(self.choices.total, dtype=np.bool_)
        self.learnt["velocities"] = np.zeros(self.choices.total)
        self.learnt["values"] = np.zeros(self.choices.total)
        self.learnt["queue"] = np.zeros((0, len(self.choices.counts)), dtype=np.int64)
        self._begin()

    def _begin(self) -> None:
        """Forgets what was judged before the last pruning."""
        self.learnt["judged"] = np.zeros(1, dtype=np.int64)
        self.learnt["stage_counts"] = np.zeros(self.choices.total)
        self.learnt["stage_sums"] = np.zeros(self.choices.total)

    @property
    def _widest(self) -> int:
        """The most choices that are left of a slot: the draws of a round."""
        return widest(self.choices, self.learnt["alive"])

    @property
    @override
    def wanted(self) -> int:
        left = self._widest
        if left == 1:
            return 1
        return max(1, left * self._rounds - int(self.learnt["judged"][0]))

    @override
    def draw(self, count: int) -> Architectures:
        while len(self.learnt["queue"]) < count:
            self.learnt["queue"] = np.concatenate((self.learnt["queue"], self._round()))
        rows = self.learnt["queue"][:count]
        self.learnt["queue"] = self.learnt["queue"][count:]
        return rows

    def _round(self) -> Architectures:
        """(N, L) networks in which every choice that is left stands once, of few more than once."""
        drawn = permuted(self.choices, self.learnt["alive"], self.generator)
        rows = self.problem.space.canonical(drawn)
        return rows if self.problem.feasible(rows).all() else self._balanced(len(rows))

    def _balanced(self, number: int) -> Architectures:
        """(number, L) networks within the budgets whose choices were judged least so far."""
        some = number * _CANDIDATES
        lots = np.where(self.learnt["alive"], self.generator.random((some, self.choices.total)), -1)
        ends = self.choices.split(lots.T)
        drawn = np.stack([slot.argmax(axis=0) for slot in ends], axis=1)
        rows = self.problem.space.canonical(drawn)
        rows = rows[self.problem.feasible(rows)]
        if not len(rows):
            return self.walk.draw(number, self._alive_first, self.generator)
        places, counts = self.choices.places(rows), self.learnt["stage_counts"].copy()
        found = np.zeros(number, dtype=np.int64)
        for turn in range(number):
            found[turn] = int(counts[places].sum(axis=1).argmin())
            counts[places[found[turn]]] += 1.0
        return rows[found]

    def _alive_first(self, slot: int, beginnings: Architectures, open_choices: Open) -> Choices:
        """A random choice that is left, where the budgets allow any."""
        del beginnings
        left = self.choices.of(slot, self.learnt["alive"].astype(np.float64))
        return picked(left * _SURELY, open_choices, self.generator)

    @override
    def learn(self, architectures: Architectures, rewards: NDArray[np.float64]) -> None:
        self._tally.add(architectures, rewards)
        for row, reward in zip(architectures, rewards, strict=True):
            places = self.choices.places(row[None])[0]
            self.learnt["stage_counts"][places] += 1.0
            self.learnt["stage_sums"][places] += reward
            self.learnt["judged"] += 1
            if self._widest > 1 and self.learnt["judged"][0] >= self._widest * self._rounds:
                for _ in range(self._at_once):
                    self._prune()
                self._begin()

    def _prune(self) -> None:
        """Moves the values of what is left, and takes the least of every slot away."""
        alive, counts = self.learnt["alive"], self.learnt["stage_counts"]
        means = self._tally.standard(self.learnt["stage_sums"] / np.maximum(counts, 1.0))
        means = np.where(counts > 0, means, 0.0)
        velocities = moved(
            self.choices, alive, means, self.learnt["velocities"], self.settings.sharpness
        )
        self.learnt["velocities"] = velocities
        self.learnt["values"] = self.learnt["values"] + np.where(alive, velocities, 0.0)
        for slot in range(len(self.choices.counts)):
            left = self.choices.of(slot, alive)
            if left.sum() < 2:
                continue
            held = np.where(left, self.choices.of(slot, self.learnt["values"]), np.inf)
            for choice in np.argsort(held, kind="stable")[: left.sum()].tolist():
                left[choice] = False
                if reachable(self.problem, self.choices.split(alive)):
                    break
                left[choice] = True
        self.learnt["queue"] = self.learnt["queue"][:0]  # drawn of what has been taken away

    @override
    def values(self) -> list[NDArray[np.float64]]:
        return self.choices.split(self.learnt["values"])
