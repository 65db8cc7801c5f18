"""Actor and quantile critic of L2NAS (arXiv 2109.12425): two small perceptrons in PyTorch.

Whoever imports this module imports PyTorch. Random numbers come from the caller's generator alone,
and one thread computes, so that a seed decides every bit; PyTorch's own generator and number of
threads stay as they were.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby, pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import linear, relu
from torch.optim.adam import adam

_HIDDEN = 128


@contextmanager
def one_thread() -> Iterator[None]:
    """Has PyTorch compute with one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Perceptron:
    """Two hidden layers of rectified units; every weight is drawn from the given generator.

    Attributes:
        flat: all weights side by side, to be changed at once.
        parameters: views of them by layer, weights and biases in turn.
    """

    def __init__(self, inputs: int, outputs: int, generator: np.random.Generator) -> None:
        """Draws the weights: uniform, within one over the square root of a layer's inputs."""
        sizes = (inputs, _HIDDEN, _HIDDEN, outputs)
        drawn = [
            generator.uniform(-1.0, 1.0, shape) / np.sqrt(before)
            for before, after in pairwise(sizes)
            for shape in ((after, before), (after,))
        ]
        weights = np.concatenate([one.reshape(-1) for one in drawn])
        self.flat = torch.tensor(weights, dtype=torch.float32)
        parts = torch.split(self.flat, [one.size for one in drawn])
        self.parameters = [
            part.view(one.shape).requires_grad_() for part, one in zip(parts, drawn, strict=True)
        ]

    def __call__(self, values: Tensor) -> Tensor:
        """(N, outputs) of (N, inputs)."""
        last = len(self.parameters) - 2
        for index in range(0, last, 2):
            values = relu(linear(values, *self.parameters[index : index + 2]))
        return linear(values, *self.parameters[last:])


class _Steps:
    """Adam (Kingma and Ba 2015, arXiv 1412.6980) for all weights of a perceptron at once.

    PyTorch's function and not its class, which imports PyTorch's compiler, for two seconds.
    """

    def __init__(self, perceptron: Perceptron, rate: float) -> None:
        self._perceptron, self._rate = perceptron, rate
        self._mean, self._square = (torch.zeros_like(perceptron.flat) for _ in range(2))
        self._count = torch.tensor(0.0)

    def descend(self, loss: Tensor) -> None:
        """A step that lessens what was computed with the perceptron."""
        gradients = torch.autograd.grad(loss, self._perceptron.parameters)
        adam(
            [self._perceptron.flat],
            [torch.cat([one.reshape(-1) for one in gradients])],
            [self._mean],
            [self._square],
            [],
            [self._count],
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=self._rate,
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )


class ActorCritic:
    """The actor gives every choice of every slot a value; the critic a quantile of the reward.

    An action is a distribution over the choices of each slot, as (T,) probabilities of all choices
    side by side; that of a network is 1 for its choices. A state has the same form.
    """

    def __init__(
        self,
        counts: Sequence[int],
        generator: np.random.Generator,
        quantile: float,
        rates: tuple[float, float],
    ) -> None:
        """Makes both.

        Args:
            counts: of the choices of each slot.
            generator: for the first weights, and for batches.
            quantile: that the critic predicts, 0 to 1.
            rates: learning rates of actor and critic, by Adam.
        """
        self._generator, self._quantile = generator, quantile
        # Slots in a row of as many choices each: the choices of one, and of all of them together.
        alike = [(count, count * len(list(some))) for count, some in groupby(counts)]
        self._choices, self._widths = [list(some) for some in zip(*alike, strict=True)]
        total = sum(counts)
        self._actor = Perceptron(total, total, generator)
        self._critic = Perceptron(2 * total, 1, generator)
        self._actor_steps = _Steps(self._actor, rates[0])
        self._critic_steps = _Steps(self._critic, rates[1])

    def values(self, state: NDArray[np.float32]) -> NDArray[np.float64]:
        """(T,) the logarithms of the actor's probabilities in a state (T,)."""
        with one_thread(), torch.no_grad():
            found = self._logarithms(torch.from_numpy(state)[None])[0]
        return found.numpy().astype(np.float64)

    def learn(
        self,
        states: NDArray[np.float32],
        actions: NDArray[np.float32],
        rewards: NDArray[np.float32],
        steps: int,
        batch: int,
    ) -> None:
        """Steps of gradient descent, of both, on networks that were evaluated.

        Args:
            states: (N, T) in which they were proposed.
            actions: (N, T) theirs.
            rewards: (N,) theirs, of about unit variance.
            steps: how many.
            batch: networks a step.
        """
        with one_thread():
            for _ in range(steps):
                drawn = self._generator.integers(0, len(rewards), batch)
                state, action, reward = (
                    torch.from_numpy(some[drawn]) for some in (states, actions, rewards)
                )
                self._step(state, action, reward)

    def _step(self, state: Tensor, action: Tensor, reward: Tensor) -> None:
        missing = reward - self._critic(torch.cat((state, action), dim=1))[:, 0]
        check = torch.maximum(self._quantile * missing, (self._quantile - 1.0) * missing)
        self._critic_steps.descend(check.mean())
        own = torch.exp(self._logarithms(state))
        self._actor_steps.descend(-self._critic(torch.cat((state, own), dim=1)).mean())

    def _logarithms(self, state: Tensor) -> Tensor:
        """(N, T) the logarithms of the actor's probabilities."""
        parts = torch.split(self._actor(state), self._widths, dim=1)
        found = [
            torch.log_softmax(part.reshape(len(state), -1, count), dim=2).reshape(len(state), -1)
            for part, count in zip(parts, self._choices, strict=True)
        ]
        return torch.cat(found, dim=1)
