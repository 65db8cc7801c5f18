"""LearntLogits: numbers that gradients move beside weights, towards networks that cost little."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.adam import adam

from hwnas.core.errors import BudgetError, ConfigError, DivergenceError
from hwnas.relaxation.chain import Chain
from hwnas.relaxation.chosen_parts import penalty_of, schedule_of
from hwnas.relaxation.expected_cost import ExpectedCost
from hwnas.relaxation.gradients import Loss
from hwnas.relaxation.settings import LearningSettings
from hwnas.search.policies.history import HISTORY, MOMENTS, ValueHistory, is_kept
from hwnas.search.problem import SearchProblem

LOGITS, SNAPSHOTS = "logits", "snapshots"
"""The names, in what a training leaves, of all logits in a row, and of these (M, T) at the
snapshots of the schedule."""

_STEP, _MEAN, _SQUARE = "step", "mean_gradient", "mean_square"
# Adam's, as DARTS has them (arXiv 1806.09055): the gradients of a few batches are forgotten soon.
_BETA1, _BETA2, _EPSILON = 0.5, 0.999, 1e-8


class LearntLogits(ABC):
    """Logits that stand for a distribution over the networks of a space.

    They are what a training learns beside the weights (`hwnas.training.paths.Learnt`): by the
    gradient of a loss, and by that of the networks' exact expected costs.

    Attributes:
        chain: the networks that they stand for.
        logits: of each slot a leaf, float64.
    """

    def __init__(
        self,
        problem: SearchProblem,
        settings: LearningSettings,
        steps: int,
        logits: Sequence[Tensor],
    ) -> None:
        """Begins with some logits.

        Args:
            problem: the space, with the budgets that the expected costs are held to.
            settings: of the learning.
            steps: of the whole training.
            logits: the first ones of each slot.

        Raises:
            BudgetError: a budget is on a cost that has no exact expectation.
            ConfigError: there is no such part, or no such setting of one.
        """
        for limit in problem.tested:
            raise BudgetError(
                f"train.budgets: {limit.name} is not put together from values of blocks, and a "
                "mixture of networks has no exact expectation of it; give it as a budget of the "
                "search alone"
            )
        self._steps, self._step, self._rate = steps, 0, settings.rate
        self._first = round(settings.weights_first * steps)  # the step that moves the logits first
        self.chain = Chain(problem.space)
        self._limits = problem.limits
        trellises = [limit.trellis for limit in self._limits]
        self._expected = ExpectedCost(self.chain, trellises) if trellises else None
        self._targets = torch.tensor([limit.bound for limit in self._limits]).double()
        self._penalty, self._schedule = penalty_of(settings), schedule_of(settings)
        self.logits = list(logits)
        self._mean = [torch.zeros_like(one) for one in self.logits]
        self._square = [torch.zeros_like(one) for one in self.logits]
        for one in self.logits:
            one.requires_grad_()
        self._history = ValueHistory.empty(sum(self.chain.counts))
        self._snapshots = np.zeros((0, sum(map(len, self.logits))))

    @abstractmethod
    def shares(self, generator: torch.Generator) -> list[Tensor]:
        """Of each slot a tensor without a gradient: what the weights of networks learn with."""

    @property
    @abstractmethod
    def choice_logits(self) -> list[Tensor]:
        """L tensors (C,): what the chain makes its distribution of; differentiable."""

    @property
    @abstractmethod
    def values(self) -> list[NDArray[np.float64]]:
        """L arrays (C,): what is held of each choice, for the heat map."""

    @abstractmethod
    def _backward(self, loss: Loss, generator: torch.Generator, progress: float) -> Tensor:
        """Adds the gradient of a loss to that of the logits; what else the loss has but costs."""

    @property
    def step(self) -> int:
        """How many steps of the training are done."""
        return self._step

    @property
    def waits(self) -> bool:
        """Whether the weights alone are learnt as yet."""
        return self._step < self._first

    @property
    def expected(self) -> list[float]:
        """What the networks cost on average, a number a budget, in its unit."""
        if self._expected is None:
            return []
        with torch.no_grad():
            found: list[float] = self._expected(self.choice_logits).tolist()
        return found

    def mixture(self) -> list[Tensor]:
        """L tensors (C,): how probable each choice is."""
        return [one.detach() for one in self.chain.marginals(self.choice_logits)]

    def advance(self, loss: Loss | None, generator: torch.Generator) -> None:
        """Ends a step of the training: moves the logits where they are learnt by now.

        Args:
            loss: of what stands for a network in each slot, on images that the weights of networks
                are not learnt on; None where the weights alone are learnt as yet.
            generator: of everything random.

        Raises:
            DivergenceError: the gradient of the logits is not finite; they are still as they were.
        """
        if loss is not None:
            self._move(loss, generator)
        if self._step in self._schedule.snapshots(self._steps):
            self._snapshots = np.concatenate((self._snapshots, self._row(self.logits)[None]))
        self._step += 1

    def _move(self, loss: Loss, generator: torch.Generator) -> None:
        progress = self._step / self._steps
        for one in self.logits:
            one.grad = None
        term = self._backward(loss, generator, progress)
        if self._expected is not None:
            expected = self._expected(self.choice_logits)
            term = term + self._penalty.term(expected, self._targets, progress)
        if term.requires_grad:
            torch.autograd.backward([term], inputs=self.logits)
        gradients = [torch.zeros_like(one) if one.grad is None else one.grad for one in self.logits]
        if not all(bool(one.isfinite().all()) for one in gradients):
            raise DivergenceError(
                f"the gradient of the logits is not finite at step {self._step + 1}, as the "
                "training diverges; lower train.learning_rate or set train.clip, as in 'clip: 5', "
                "and train again from the start"
            )
        rate = self._rate * self._schedule.share(self._step, self._steps)
        with torch.no_grad():
            adam(
                self.logits,
                gradients,
                self._mean,
                self._square,
                [],
                [torch.tensor(float(self._step - self._first)) for _ in self.logits],
                foreach=False,
                amsgrad=False,
                beta1=_BETA1,
                beta2=_BETA2,
                lr=rate,
                weight_decay=0.0,
                eps=_EPSILON,
                maximize=False,
            )

    def end_epoch(self, epoch: int, epochs: int) -> None:
        """Keeps the values, of at most a hundred epochs."""
        if is_kept(epoch, epochs):
            self._history = self._history.added(epoch, self.values)

    @property
    def shown(self) -> dict[str, float]:
        """Expected costs and the choices' entropy, for the log of the training."""
        entropies = [torch.special.entr(one).sum() for one in self.mixture()]
        found = {"architecture/entropy": float(torch.stack(entropies).mean())}
        for limit, expected in zip(self._limits, self.expected, strict=True):
            found[f"architecture/expected {limit.name}"] = expected
        return found

    @property
    def text(self) -> str:
        """As in "expected latency 3.21 of 5 ms"; "" without budgets."""
        pairs = zip(self._limits, self.expected, strict=True)
        return ", ".join(
            f"expected {limit.name} {expected:.4g} of {limit.bound:.4g} {limit.unit}"
            for limit, expected in pairs
        )

    @property
    def state(self) -> dict[str, NDArray[Any]]:
        """All that it goes on from."""
        return {
            _STEP: np.array([self._step]),
            _MEAN: self._row(self._mean),
            _SQUARE: self._row(self._square),
            **self.outcome,
        }

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Goes on from a state.

        Raises:
            ConfigError: it is that of another space or relaxation.
        """
        mine = self.state
        same = mine.keys() == state.keys() and all(
            state[name].dtype == one.dtype
            and (name in (MOMENTS, HISTORY, SNAPSHOTS) or state[name].shape == one.shape)
            for name, one in mine.items()
        )
        if not same or state[SNAPSHOTS].shape[1:] != self._snapshots.shape[1:]:
            raise ConfigError("this is no state of these logits; begin anew")
        total = sum(self.chain.counts)
        try:
            self._history = ValueHistory.of(state[MOMENTS], state[HISTORY], total)
        except ValueError as error:
            raise ConfigError("this is no history of these logits; begin anew") from error
        self._step, self._snapshots = int(state[_STEP][0]), state[SNAPSHOTS]
        ends = np.cumsum([len(one) for one in self.logits])[:-1]
        with torch.no_grad():
            for name, slots in (
                (LOGITS, self.logits),
                (_MEAN, self._mean),
                (_SQUARE, self._square),
            ):
                for one, row in zip(slots, np.split(state[name], ends), strict=True):
                    one.copy_(torch.from_numpy(row))

    @property
    def outcome(self) -> dict[str, NDArray[Any]]:
        """The logits, the history of the values, and the snapshots."""
        return {
            LOGITS: self._row(self.logits),
            MOMENTS: self._history.moments,
            HISTORY: self._history.values,
            SNAPSHOTS: self._snapshots,
        }

    def _row(self, slots: list[Tensor]) -> NDArray[np.float64]:
        return torch.cat([one.detach() for one in slots]).numpy().copy()
