"""Regularisers: what pushes an architecture towards few choices, whatever the images say."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor
from typing_extensions import override

from hwnas.core.registry import Registry
from hwnas.relaxation.chain import Chain, Logits
from hwnas.relaxation.parts import Part
from hwnas.relaxation.proximal import sparse_group

_TINY = torch.finfo(torch.float64).tiny


class Regulariser(Part):
    """A smooth term of the loss, or a proximal step behind each step of descent, or neither."""

    of_logits: ClassVar[bool] = True
    """Whether it is of logits that a softmax follows, and not of plain weights."""

    def term(self, chain: Chain, logits: Logits) -> Tensor:
        """(...) what is added to the loss of logits (..., C) of each slot; differentiable."""
        del chain
        return torch.zeros(logits[0].shape[:-1], dtype=torch.float64, device=logits[0].device)

    def proximal(self, slots: Sequence[Tensor], rate: float) -> None:
        """Moves the weights (C,) of each slot in place, behind a step of a rate."""


class NoRegulariser(Regulariser):
    """Leaves everything to the loss."""

    name: ClassVar[str] = "none"


class Entropy(Regulariser):
    """The mean over the slots of the entropy of their choices, in nats.

    Where it is small, one choice a slot has all of the probability, and the network that is cut
    from a mixture is the mixture (the minimum entropy of MTL-NAS, arXiv 2003.14058).

    Attributes:
        weight: of the mean entropy in the loss.
    """

    name: ClassVar[str] = "entropy"

    weight: Annotated[float, Field(ge=0)] = 0.1

    @override
    def term(self, chain: Chain, logits: Logits) -> Tensor:
        # At a probability of 0 the slope of the entropy is infinite.
        each = [
            torch.special.entr(one.clamp_min(_TINY)).sum(dim=-1) for one in chain.marginals(logits)
        ]
        return self.weight * torch.stack(each).mean(dim=0)


class SparseGroupLasso(Regulariser):
    """Σ over choices `choice` · |weight| + Σ over slots `slot` · √(Σ weight²), of plain weights.

    The weights have no softmax: several choices of a slot may stay, and others end at exactly 0, as
    may whole slots (sparse supernet, arXiv 2007.16112). It has no slope at 0, so it is no term of
    the loss but a proximal step.

    Attributes:
        choice: of each weight's size.
        slot: of the length of the weights of each slot.
    """

    name: ClassVar[str] = "sparse_group_lasso"
    of_logits: ClassVar[bool] = False

    choice: Annotated[float, Field(ge=0)] = 0.01
    slot: Annotated[float, Field(ge=0)] = 0.01

    @override
    def proximal(self, slots: Sequence[Tensor], rate: float) -> None:
        with torch.no_grad():
            for weights in slots:
                weights.copy_(sparse_group(weights, rate * self.choice, rate * self.slot))


REGULARISERS: Registry[type[Regulariser]] = Registry(
    "regulariser",
    "hwnas.regularisers",
    {one.name: one for one in (NoRegulariser, Entropy, SparseGroupLasso)},
)
