"""PARSEC (Casale et al. 2019, arXiv 1902.05116) and FP-NAS (Yan et al. 2020, arXiv 2011.10949)."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import override

from hwnas.core.configs import StrictModel
from hwnas.search.policies.factors import factors
from hwnas.search.policies.policy import Policy
from hwnas.search.policies.tally import Tally
from hwnas.search.policies.walk import Choices, Open, picked
from hwnas.spaces.space import Architectures

_FEWEST = 2  # samples between which a step can choose


class ImportanceSettings(StrictModel):
    """How many samples a step takes, and how far it goes.

    Attributes:
        samples: `fixed`: as many every step (PARSEC); `entropy`: in proportion to the entropy that
            the distribution still has (FP-NAS), so ever fewer.
        count: K, the samples of the first step.
        rate: of the steps of the logarithms of the probabilities.
        temperature: of the softmax over the rewards of the samples, in standard deviations.
        factorised: of the planned draws, the first half learns a distribution of each factor of a
            stage's blocks (kernel, expansion, squeeze-excite), the rest one of each slot's choices.
    """

    samples: Literal["entropy", "fixed"] = "entropy"
    count: Annotated[int, Field(ge=_FEWEST)] = 8
    rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.5
    factorised: bool = False


class ImportanceSearch(Policy):
    """A categorical distribution for every slot, moved to the samples of the greatest rewards.

    A step draws K networks, weighs each by the softmax of its reward, and follows Σ weight × ∇ log
    probability. Published are weights by the likelihood of data and a penalty on costs; ours are
    rewards in standard deviations and hard budgets, hence in place of the probabilities, which the
    budgets bend, the mean of the samples is subtracted from the gradient. The factors are shared by
    the slots of a stage, which is ours, too. The values are the logarithms of the probabilities.
    """

    name: ClassVar[str] = "parsec"
    settings_model: ClassVar[type[StrictModel]] = ImportanceSettings
    settings: ImportanceSettings
    growing: ClassVar[frozenset[str]] = frozenset({"samples", "sample_rewards"})

    @override
    def prepare(self) -> None:
        self._tally = Tally(self.choices, self.learnt)
        self._factors = factors(self.problem.space) if self.settings.factorised else None
        self._entropy = self.entropy_of(np.zeros(self.choices.total)) or 1.0
        self.learnt["logits"] = np.zeros(self.choices.total)
        self.learnt["samples"] = np.zeros((0, len(self.choices.counts)), dtype=np.int64)
        self.learnt["sample_rewards"] = np.zeros(0)

    def entropy_of(self, logits: NDArray[np.float64]) -> float:
        """In nats, of a distribution of all slots."""
        probabilities = self.choices.softmax(logits)
        return float(-(probabilities * np.log(np.maximum(probabilities, 1e-300))).sum())

    @property
    def entropy(self) -> float:
        """In nats, of what it draws from, without the budgets."""
        return self.entropy_of(self.learnt["logits"])

    @property
    def parameters(self) -> int:
        """How many numbers its distribution has now."""
        return self.choices.total if self._shared is None else self._shared.shape[1]

    @property
    def _shared(self) -> NDArray[np.float64] | None:
        """(T, F) the factors of each choice, while they are what is learnt."""
        return self._factors if 2 * self._tally.count < self.planned else None

    @property
    def _count(self) -> int:
        if self.settings.samples == "fixed":
            return self.settings.count
        return max(_FEWEST, round(self.settings.count * self.entropy / self._entropy))

    @property
    @override
    def wanted(self) -> int:
        return max(1, self._count - len(self.learnt["sample_rewards"]))

    @override
    def draw(self, count: int) -> Architectures:
        logits = self.learnt["logits"]

        def choose(slot: int, beginnings: Architectures, open_choices: Open) -> Choices:
            del beginnings
            return picked(self.choices.of(slot, logits), open_choices, self.generator)

        return self.walk.draw(count, choose, self.generator)

    @override
    def learn(self, architectures: Architectures, rewards: NDArray[np.float64]) -> None:
        for row, reward in zip(architectures, rewards, strict=True):
            self._tally.add(row[None], np.array([reward]))
            self.learnt["samples"] = np.concatenate((self.learnt["samples"], row[None]))
            self.learnt["sample_rewards"] = np.append(self.learnt["sample_rewards"], reward)
            if len(self.learnt["sample_rewards"]) >= self._count:
                self._step()

    def _step(self) -> None:
        """Moves the distribution by the samples, and forgets them."""
        rewards = self._tally.standard(self.learnt["sample_rewards"]) / self.settings.temperature
        weights = np.exp(rewards - rewards.max())
        weights = weights / weights.sum() - 1.0 / len(weights)
        gradient = self.choices.sums(self.learnt["samples"], weights)
        if self._shared is not None:
            gradient = self._shared @ (self._shared.T @ gradient)
        self.learnt["logits"] = self.learnt["logits"] + self.settings.rate * gradient
        self.learnt["samples"] = self.learnt["samples"][:0]
        self.learnt["sample_rewards"] = self.learnt["sample_rewards"][:0]

    @override
    def values(self) -> list[NDArray[np.float64]]:
        return self.choices.split(np.log(self.choices.softmax(self.learnt["logits"])))
