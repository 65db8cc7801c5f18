"""Small chains whose networks can all be enumerated, and tables of losses of all networks."""

import numpy as np
import torch
from torch import Tensor

from hwnas.relaxation.chain import Logits
from hwnas.relaxation.gradients.estimator import Weights
from hwnas.spaces import Architectures
from hwnas.testing.search_problems import every_architecture, small_space
from tests.hwnas.search.random_spaces import MaskedSpace


def free_space() -> MaskedSpace:
    """Three slots of three choices, any of which may follow any."""
    return MaskedSpace((np.ones((1, 3), bool), *[np.ones((3, 3), bool)] * 2))


def skipping_space() -> MaskedSpace:
    """The transitions of a stage of three slots that can be skipped: skips come last."""
    space = small_space(((0, 3),), (3, 5))
    return MaskedSpace(tuple(space.allowed(slot) for slot in range(3)))


def skipping_rows() -> Architectures:
    return every_architecture(small_space(((0, 3),), (3, 5)))


def random_logits(counts: tuple[int, ...], seed: int, scale: float = 1.0) -> list[Tensor]:
    """Leaves (C,) of each slot."""
    generator = torch.Generator().manual_seed(seed)
    return [
        (scale * torch.randn(count, generator=generator, dtype=torch.float64)).requires_grad_()
        for count in counts
    ]


def enumerated(space: MaskedSpace, logits: Logits) -> tuple[Tensor, Tensor]:
    """All networks (N, L) and their probabilities (N,), by going through them one by one.

    Behind a choice come those that stand behind it in some network whose choices are all left.
    """
    every = space.every()
    left = [
        row
        for row in every.tolist()
        if all(logits[slot][choice] > -torch.inf for slot, choice in enumerate(row))
    ]
    followers: dict[tuple[int, int], set[int]] = {}
    for row in left:
        for slot, choice in enumerate(row):
            before = row[slot - 1] if slot else 0
            followers.setdefault((slot, before), set()).add(choice)
    found = []
    for row in left:
        log = torch.zeros((), dtype=torch.float64)
        for slot, choice in enumerate(row):
            behind = sorted(followers[slot, row[slot - 1] if slot else 0])
            log = log + torch.log_softmax(logits[slot][behind], -1)[behind.index(choice)]
        found.append(log.exp())
    return torch.tensor(left), torch.stack(found)


class TableLoss:
    """A loss of each combination of three slots of three choices; of weights, the weighted mean.

    As of networks: above 0, mostly what each choice adds, and something that neighbours change.
    """

    def __init__(self, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        first, second, third = torch.rand((3, 3), generator=generator, dtype=torch.float64)
        together = torch.rand((3, 3, 3), generator=generator, dtype=torch.float64)
        self.table = 1 + first[:, None, None] + second[:, None] + third + 0.5 * together

    def __call__(self, weights: Weights) -> Tensor:
        return torch.einsum("...a,...b,...c,abc->...", *weights, self.table)

    def of(self, rows: Tensor) -> Tensor:
        """(N,) of architectures (N, 3)."""
        return self.table[rows[:, 0], rows[:, 1], rows[:, 2]]
