"""The exact expectation of a cost over the networks of a chain, with its gradient."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hwnas.core.errors import BudgetError
from hwnas.relaxation.chain import Chain, Logits
from hwnas.search.trellis import Trellis


class ExpectedCost:
    """What the networks of a chain cost on average, for one trellis or several at once.

    No sample and no table of all networks is needed: a trellis adds up steps that depend on two
    neighbours (and the first choice, where that is a resolution or a width), and so does its
    expectation, slot by slot from the last.

    Attributes:
        chain: whose networks they are.
        units: of each of the K trellises.
    """

    def __init__(self, chain: Chain, trellises: Sequence[Trellis]) -> None:
        """Takes trellises over the space of the chain, such as the latencies of K devices.

        Raises:
            BudgetError: a trellis does not add up.
            ValueError: there is none, or one is of another space.
        """
        for trellis in trellises:
            if trellis.combine is not np.add:
                raise BudgetError(
                    f"the {trellis.name} of a mixture of networks has no exact expectation, as it "
                    "is not a sum over blocks; give it as a budget of the search alone"
                )
            if tuple(step.shape[2] for step in trellis.steps) != chain.counts:
                raise ValueError(f"the trellis {trellis.name} is of another space")
        if not trellises:
            raise ValueError("there is no trellis to expect a cost of")
        self.chain = chain
        self.units = tuple(trellis.unit for trellis in trellises)
        constants = [trellis.constant for trellis in trellises]
        self._constants = torch.tensor(constants, dtype=torch.float64)
        self._steps = torch.from_numpy(_stacked(trellises, max(chain.counts)))

    def __call__(self, logits: Logits) -> Tensor:
        """(..., K) the expectations, each in the unit of its trellis; float64, differentiable."""
        transitions = self.chain.transitions(self.chain.padded(logits))
        steps = self._steps.to(transitions.device)
        # What a slot costs by itself, behind each choice before it.
        own = torch.einsum("...lpc,kslpc->...lksp", transitions, steps)
        rest = torch.zeros_like(own[..., 0, :, :, :])
        for slot in range(len(self.chain.counts) - 1, 0, -1):
            onward = transitions[..., slot, :, :].mT[..., None, :, :]
            rest = own[..., slot, :, :, :] + rest @ onward
        # With sheets, the first choice decides which of them holds for all the others.
        sheets = rest.shape[-2]
        after = rest[..., 0, :]
        if sheets > 1:
            after = torch.diagonal(rest[..., :sheets], dim1=-2, dim2=-1)
        first = transitions[..., 0, 0, : after.shape[-1]]
        behind = (first[..., None, :] * after).sum(dim=-1)
        return self._constants.to(behind.device) + own[..., 0, :, 0, 0] + behind


def _stacked(trellises: Sequence[Trellis], widest: int) -> NDArray[np.float64]:
    """(K, S, L, P, C) the steps, padded; 0 where a choice may not follow."""
    sheets, length = max(trellis.sheets for trellis in trellises), len(trellises[0].steps)
    found = np.zeros((len(trellises), sheets, length, widest, widest))
    for index, trellis in enumerate(trellises):
        for slot, (step, allowed) in enumerate(zip(trellis.steps, trellis.allowed, strict=True)):
            before, choices = allowed.shape
            found[index, :, slot, :before, :choices] = np.where(allowed, step, 0.0)
    return found
