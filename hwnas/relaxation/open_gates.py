"""How probable each choice of a slot is when every gate is open by itself."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from hwnas.spaces.gate_groups import GateGroups

_TINY = torch.finfo(torch.float64).tiny


def open_counts(logits: Sequence[Tensor]) -> Tensor:
    """(L, G + 1) how probable each number of open gates is, of L slots of up to G gates.

    A gate is open with the probability sigmoid(logit), whatever the others are. The number of those
    that are has the Poisson-binomial distribution: gate by gate, each is shut and leaves it, or is
    open and adds 1. Exact, and differentiable.

    Args:
        logits: L tensors (gates of the slot,), float64.
    """
    most = max(len(one) for one in logits)
    rows = [functional.pad(one, (0, most - len(one)), value=-torch.inf) for one in logits]
    table = torch.stack(rows)
    # 1 - sigmoid(x) would be rounded where x is large.
    opened, shut = table.sigmoid(), (-table).sigmoid()
    found = torch.ones_like(table[:, :0].sum(dim=1, keepdim=True)) + 0.0
    for gate in range(most):
        stay = functional.pad(found * shut[:, gate : gate + 1], (0, 1))
        found = stay + functional.pad(found * opened[:, gate : gate + 1], (1, 0))
    return found


def choice_log_probabilities(
    groups: Sequence[GateGroups], logits: Sequence[Tensor]
) -> list[Tensor]:
    """L tensors (C,) the logarithms of how probable each choice of each slot is.

    Where it is 0, a very low number that has a gradient.
    """
    counts = open_counts(logits)
    found = []
    for slot, row in zip(groups, counts, strict=True):
        choices = torch.tensor([slot.choice(gates) for gates in range(slot.gates + 1)])
        each = row.new_zeros(len(slot.living)).index_add(0, choices, row[: slot.gates + 1])
        found.append(each.clamp_min(_TINY).log())
    return found
