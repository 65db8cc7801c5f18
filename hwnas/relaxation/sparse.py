"""SparseWeights: plain weights of choices, most of which become exactly 0."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from hwnas.core.configs import StrictModel
from hwnas.core.errors import ConfigError
from hwnas.relaxation.gradients import Loss
from hwnas.relaxation.proximal import ProximalDescent, sparse_group
from hwnas.relaxation.settings import Rate, Share, ShareOrNone
from hwnas.search.policies.history import HISTORY, MOMENTS, ValueHistory, is_kept

WEIGHTS = "weights"
"""The name, in what a training leaves, of the weights of all choices in a row."""

_STEP, _MOVED = "step", "extrapolated"


class SparseSettings(StrictModel):
    """How the weights of choices are learnt while a supernet is trained.

    Attributes:
        choice: how much of a weight's size is added to the loss, of a choice of mean cost; that of
            others is in proportion to what they cost more than the cheapest of their slot.
        slot: how much of the length of the weights of a slot is added.
        rate: the learning rate of the weights.
        momentum: the share of the last move that each step goes further, from 0 to below 1.
        images: the share of the training images that the weights of choices are learnt on.
        weights_first: the share of the training in which the weights of networks alone are learnt.
        own_weights: whether every choice has network weights of its own.
    """

    choice: Annotated[float, Field(ge=0)] = 0.15
    slot: Annotated[float, Field(ge=0)] = 0.01
    rate: Rate = 0.05
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    images: Share = 0.5
    weights_first: ShareOrNone = 0.2
    own_weights: bool = True


class SparseWeights:
    """Weights that a training moves by accelerated proximal descent (arXiv 2007.16112).

    A slot is the sum of what its choices make of its input, each times its weight; there is no
    softmax. A sparse group lasso takes weights to exactly 0; the largest of each slot it leaves as
    it is. It is what the training learns beside the weights of networks
    (`hwnas.training.paths.Learnt`).
    """

    def __init__(
        self, costs: Sequence[NDArray[np.float64]], settings: SparseSettings, steps: int
    ) -> None:
        """Begins with equal weights in each slot, which add up to 1.

        Args:
            costs: L arrays (C,), of each choice.
            settings: of the weights.
            steps: of the whole training.
        """
        self._settings, self._step = settings, 0
        self._first = round(settings.weights_first * steps)
        above = [torch.from_numpy(one - one.min()).double() for one in costs]
        mean = torch.cat(above).mean().clamp_min(torch.finfo(torch.float64).tiny)
        self._shares = [one / mean for one in above]
        self._weights = [torch.full((len(one),), 1 / len(one)).double() for one in costs]
        for one in self._weights:
            one.requires_grad_()
        named = {str(slot): one for slot, one in enumerate(self._weights)}
        self._descent = ProximalDescent(named, self._proximal, settings.momentum)
        self._history = ValueHistory.empty(sum(map(len, self._weights)))

    @property
    def step(self) -> int:
        """How many steps of the training are done."""
        return self._step

    @property
    def waits(self) -> bool:
        """Whether the weights of networks alone are learnt as yet."""
        return self._step < self._first

    def shares(self, generator: torch.Generator) -> list[Tensor]:
        """L tensors (C,): the weights, many of them 0, that networks learn beside."""
        del generator
        return list(self._descent.solution.values())

    def advance(self, loss: Loss | None, generator: torch.Generator) -> None:
        """Ends a step of the training: moves the weights where they are learnt by now.

        Args:
            loss: of weights of choices, on images that the weights of networks are not learnt on;
                None where these alone are learnt as yet.
            generator: not used.
        """
        del generator
        if loss is not None:
            for one in self._weights:
                one.grad = None
            torch.autograd.backward([loss(self._weights)], inputs=self._weights)
            self._descent.step(self._settings.rate)
        self._step += 1

    def _proximal(self, slots: Sequence[Tensor], rate: float) -> None:
        settings = self._settings
        for weights, shares in zip(slots, self._shares, strict=True):
            best = int(weights.abs().argmax())
            largest = weights[best].clone()
            thresholds = rate * settings.choice * shares
            thresholds[best] = 0.0
            weights.copy_(sparse_group(weights, thresholds, rate * settings.slot))
            # Batch norms follow, so that the loss hardly depends on the length of a slot: in a
            # short one the gradients of all weights are large, and what is gone would come back.
            weights[best] = largest

    def end_epoch(self, epoch: int, epochs: int) -> None:
        """Keeps the weights, of at most a hundred epochs."""
        if is_kept(epoch, epochs):
            slots = [one.abs().numpy().copy() for one in self._descent.solution.values()]
            self._history = self._history.added(epoch, slots)

    @property
    def shown(self) -> dict[str, float]:
        """How many choices are left, for the log of the training."""
        return {"architecture/choices left": float(self._left)}

    @property
    def text(self) -> str:
        """As in "17 of 24 choices left"."""
        return f"{self._left} of {sum(map(len, self._weights))} choices left"

    @property
    def _left(self) -> int:
        return sum(int(one.count_nonzero()) for one in self._descent.solution.values())

    @property
    def state(self) -> dict[str, NDArray[Any]]:
        """All that it goes on from."""
        return {
            _STEP: np.array([self._step]),
            _MOVED: _row(self._weights),
            **self.outcome,
        }

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Goes on from a state.

        Raises:
            ConfigError: it is that of another space.
        """
        mine = self.state
        if mine.keys() != state.keys() or any(
            state[name].shape != mine[name].shape or state[name].dtype != mine[name].dtype
            for name in (_STEP, _MOVED, WEIGHTS)
        ):
            raise ConfigError("this is no state of these weights; begin anew")
        try:
            total = len(mine[WEIGHTS])
            self._history = ValueHistory.of(state[MOMENTS], state[HISTORY], total)
        except ValueError as error:
            raise ConfigError("this is no history of these weights; begin anew") from error
        self._step = int(state[_STEP][0])
        ends = np.cumsum([len(one) for one in self._weights])[:-1]
        solution = list(self._descent.solution.values())
        with torch.no_grad():
            for slots, name in ((self._weights, _MOVED), (solution, WEIGHTS)):
                for one, row in zip(slots, np.split(state[name], ends), strict=True):
                    one.copy_(torch.from_numpy(row))

    @property
    def outcome(self) -> dict[str, NDArray[Any]]:
        """The weights, many of them exactly 0, and the history of their sizes."""
        return {
            WEIGHTS: _row(list(self._descent.solution.values())),
            MOMENTS: self._history.moments,
            HISTORY: self._history.values,
        }


def _row(slots: Sequence[Tensor]) -> NDArray[np.float64]:
    return torch.cat([one.detach() for one in slots]).numpy().copy()
