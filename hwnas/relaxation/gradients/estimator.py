"""GradientEstimator: the gradient of a loss of networks with respect to the logits they follow."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from hwnas.core.configs import StrictModel
from hwnas.relaxation.chain import Chain, Logits

Weights = list[Tensor]
"""L tensors (..., C): what share each choice of a slot has; of the type of the logits.

Either weights with a gradient, of a mixture whose choices must all be computed, or without one and
1 for one choice of each slot: then the others need not be, a network costs the memory of one path.
"""

Loss = Callable[[Weights], Tensor]
"""The loss (...) of weights; it runs the networks, and may have parameters of its own."""


@dataclass(frozen=True)
class Step:
    """What a gradient is estimated of, at one step of a training.

    Attributes:
        logits: L leaves (..., C) that require gradients.
        loss: called once or twice.
        generator: of everything random.
        progress: the share of the training that is over.
        parameters: whether the parameters of the loss get their gradients, too: of the loss that is
            shown.
    """

    logits: Logits
    loss: Loss
    generator: torch.Generator
    progress: float = 0.0
    parameters: bool = False


class GradientEstimator(ABC):
    """Estimates the gradient of the mean loss over the networks of a chain.

    Leading dimensions (...) of logits, weights and losses are of estimates that know nothing of
    each other; a training of one supernet has none.

    An estimator of your own defines `name`, `one_path` and `backward`, and perhaps `settings_model`
    and `prepare`.

    Attributes:
        chain: of the space.
        settings: of the estimator's `settings_model`.
        learnt: all that it keeps from step to step, by name; changed in place only.
    """

    name: ClassVar[str]
    """What configs call it."""
    one_path: ClassVar[bool]
    """Whether the loss is only asked for single networks, never for a mixture of choices."""
    of_mixture: ClassVar[bool] = False
    """Whether the loss that counts is that of the mixture, so that its weights are learnt by it,
    and not by networks that are drawn."""
    settings_model: ClassVar[type[StrictModel]] = StrictModel
    """What can be set, with a default for everything."""

    def __init__(self, chain: Chain, settings: StrictModel) -> None:
        """Takes the chain and settings of the `settings_model`."""
        self.chain, self.settings = chain, settings
        self.learnt: dict[str, Tensor] = {}
        self.prepare()

    def prepare(self) -> None:  # noqa: B027  # most keep nothing
        """Called once, with the attributes set."""

    @abstractmethod
    def backward(self, step: Step) -> Tensor:
        """Adds an estimate of the gradient to `.grad` of the logits.

        Returns:
            (...) the loss that is to be shown, without a gradient.
        """

    def scores(self, step: Step) -> Tensor:
        """(..., L, C) the logits as the chain takes them."""
        return self.chain.padded(step.logits)

    def loss_of(self, step: Step, padded: Tensor) -> Tensor:
        """(...) the loss of weights (..., L, C), with the gradient that they have."""
        return step.loss([one.to(step.logits[0].dtype) for one in self.chain.split(padded)])

    def judged(self, step: Step, rows: Tensor) -> Tensor:
        """(...) the loss of networks (..., L), without a gradient; parameters have got theirs."""
        with torch.set_grad_enabled(step.parameters):
            found = self.loss_of(step, self.chain.one_hot(rows))
        if step.parameters:
            torch.autograd.backward([found.sum()])
        return found.detach()

    def descend(self, step: Step, objective: Tensor, parameters: bool = False) -> Tensor:
        """Gives the logits, and perhaps parameters, the gradient of the sum of objectives (...).

        Returns:
            (...) the objectives, without a gradient.
        """
        inputs = None if parameters else list(step.logits)
        torch.autograd.backward([objective.sum()], inputs=inputs)
        return objective.detach()
