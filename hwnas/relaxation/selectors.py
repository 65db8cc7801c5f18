"""Selectors: how the values of choices are read off a mixture that has been trained."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor
from typing_extensions import override

from hwnas.core.registry import Registry
from hwnas.relaxation.parts import Part

Values = dict[int, NDArray[np.float64]]
"""(C,) the values of a slot's choices, by the number of the slot."""


class Selector(Part):
    """Values of choices, whose sums are searched exactly."""

    judges: ClassVar[bool] = True
    """Whether `values` asks for losses; else scores are logarithms of probabilities."""

    images: Annotated[int, Field(ge=2)] = 1000

    def values(
        self,
        mixture: Sequence[Tensor],
        loss: Callable[[Sequence[Tensor]], float],
        order: Sequence[int],
        known: Mapping[int, NDArray[np.float64]],
        keep: Callable[[int, NDArray[np.float64]], None],
    ) -> Values:
        """The values of all slots.

        Args:
            mixture: L tensors (C,), the share that each choice has.
            loss: of such shares, in nats, on images that no weights were learnt on.
            order: of the slots, drawn at random.
            known: what an earlier run has kept.
            keep: is given what is found of each slot, at once.
        """
        raise NotImplementedError


class Argmax(Selector):
    """The logits themselves: how probable a network is."""

    name: ClassVar[str] = "argmax"
    judges: ClassVar[bool] = False


class Perturbation(Selector):
    """How much loss a mixture gains without a choice (Wang et al. 2021, DARTS-PT, 2108.04392).

    Slot by slot, in an order that is drawn: each choice is taken out of the mixture, the others of
    its slot sharing what it had. The one without which the loss is greatest then stays alone, and
    the next slot is judged beside it. Published is the accuracy; the loss, which each image
    changes, tells more of few images. Nothing is trained in between.

    Attributes:
        images: that losses are taken on.
    """

    name: ClassVar[str] = "perturbation"

    @override
    def values(
        self,
        mixture: Sequence[Tensor],
        loss: Callable[[Sequence[Tensor]], float],
        order: Sequence[int],
        known: Mapping[int, NDArray[np.float64]],
        keep: Callable[[int, NDArray[np.float64]], None],
    ) -> Values:
        shares, found = list(mixture), Values()
        for slot in order:
            count = len(shares[slot])
            if count == 1:
                found[slot] = np.zeros(1)
                continue
            if slot in known:
                found[slot] = known[slot]
            else:
                whole = loss(shares)
                left = [_without(shares, slot, choice) for choice in range(count)]
                found[slot] = np.array([loss(one) for one in left]) - whole
                keep(slot, found[slot])
            alone = torch.zeros_like(shares[slot])
            alone[int(found[slot].argmax())] = 1.0
            shares[slot] = alone
        return found


def _without(shares: Sequence[Tensor], slot: int, choice: int) -> list[Tensor]:
    others = shares[slot].clone()
    others[choice] = 0.0
    if not others.any():  # it had all
        others[:] = 1.0
        others[choice] = 0.0
    return [*shares[:slot], others / others.sum(), *shares[slot + 1 :]]


SELECTORS: Registry[type[Selector]] = Registry(
    "selector", "hwnas.selectors", {one.name: one for one in (Argmax, Perturbation)}
)
