"""Chain: a distribution over the canonical networks of a space, made of logits of its choices."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from hwnas.spaces.choices import ChoiceSpace
from hwnas.spaces.space import Architectures

Logits = Sequence[Tensor]
"""L tensors (..., C): those of a slot's choices; -inf for a choice that is taken away."""

_TINY = torch.finfo(torch.float64).tiny


class Chain:
    """A Markov chain along the slots: each choice depends on the one before it.

    The choice of a slot is drawn by the softmax of the slot's logits over those choices that may
    follow the choice before, and that lead to a network. So a skip behind a skip is certain, every
    network has one architecture, and the probabilities of all networks add up to 1.

    Everything is computed in float64 and on the device of the logits; leading dimensions (...) are
    of chains beside one another. Inside, the slots are padded to the C choices of the widest:
    scores (..., L, C), of which padding has -inf.

    Attributes:
        counts: the choices of each of the L slots.
    """

    def __init__(self, space: ChoiceSpace) -> None:
        """Takes the space.

        Raises:
            ValueError: it has no network.
        """
        self.counts: tuple[int, ...] = tuple(space.choice_counts.tolist())
        starts = np.concatenate(([0], np.cumsum(self.counts)))
        length, widest = len(self.counts), max(self.counts)
        places = np.full((length, widest), starts[-1])  # where the padding of logits in a row is
        allowed = np.zeros((length, widest, widest), dtype=np.bool_)
        for slot, count in enumerate(self.counts):
            places[slot, :count] = np.arange(starts[slot], starts[slot + 1])
            mask = space.allowed(slot)
            allowed[slot, : len(mask), :count] = mask
        self._places, self._allowed = torch.from_numpy(places), torch.from_numpy(allowed)
        self._real = self._places < int(starts[-1])
        self._all = self._leading(self._real)

    def joint(self, logits: Logits) -> list[Tensor]:
        """L tensors (..., P, C): how probable a choice before and a choice are together.

        P is 1 in slot 0.
        """
        transitions = self.transitions(self.padded(logits))
        before, found = torch.ones_like(transitions[..., 0, 0, :1]), []
        for slot, count in enumerate(self.counts):
            each = before[..., None] * transitions[..., slot, : before.shape[-1], :count]
            found.append(each)
            before = each.sum(dim=-2)
        return found

    def marginals(self, logits: Logits) -> list[Tensor]:
        """L tensors (..., C): how probable each choice of a slot is."""
        return self.split(self.spread(self.padded(logits)))

    def log_probability(self, logits: Logits, rows: Tensor) -> Tensor:
        """(N,) the logarithms of the probabilities of architectures (N, L).

        -inf for those that are not canonical. Logits may have a dimension (N, C), too.
        """
        followed = self.followed(self.padded(logits), rows)
        return followed.take_along_dim(rows[..., None], dim=-1).squeeze(-1).sum(dim=-1)

    def draw(self, logits: Logits, generator: torch.Generator, count: int) -> Architectures:
        """(count, L) architectures, the same for the same state of the generator."""
        with torch.no_grad():
            scores = self.padded(logits)
            noisy = self.perturbed(scores.expand(count, *scores.shape), generator)
            found: Architectures = self.walk(noisy).cpu().numpy()
        return found

    def padded(self, logits: Logits) -> Tensor:
        """(..., L, C) scores of logits.

        Raises:
            ValueError: they are of other slots or choices.
        """
        given = tuple(one.shape[-1] for one in logits)
        if given != self.counts:
            raise ValueError(f"logits are of {given} choices, and the slots have {self.counts}")
        row = torch.cat([one.double() for one in logits], dim=-1)
        row = functional.pad(row, (0, 1), value=-torch.inf)
        return row[..., self._places.to(row.device)]

    def split(self, padded: Tensor) -> list[Tensor]:
        """L tensors (..., C) of a tensor (..., L, C), without the padding."""
        return [padded[..., slot, :count] for slot, count in enumerate(self.counts)]

    def log_transitions(self, scores: Tensor) -> Tensor:
        """(..., L, P, C) logarithms of how probable a choice is behind one that stands before it.

        Where the choice before cannot be, any numbers.
        """
        can = self._open(scores)
        # Rows of nothing but -inf would have gradients that are no numbers.
        never = ~can.any(dim=-1, keepdim=True)
        kept = scores[..., None, :].masked_fill(~can, -torch.inf).masked_fill(never, 0.0)
        return torch.log_softmax(kept, dim=-1)

    def transitions(self, scores: Tensor) -> Tensor:
        """(..., L, P, C) the probabilities of `log_transitions`."""
        return self.log_transitions(scores).exp()

    def spread(self, scores: Tensor) -> Tensor:
        """(..., L, C) how probable each choice is.

        Of scores with Gumbel noise and divided by a temperature, the relaxed sample: where the
        temperature goes to 0, the network of `walk`.
        """
        transitions = self.transitions(scores)
        found = [transitions[..., 0, 0, :]]
        for slot in range(1, len(self.counts)):
            found.append((found[-1][..., None, :] @ transitions[..., slot, :, :]).squeeze(-2))
        return torch.stack(found, dim=-2)

    def followed(self, scores: Tensor, rows: Tensor) -> Tensor:
        """(..., L, C) logarithms of how probable a choice is behind that of the slot before.

        Args:
            scores: (..., L, C).
            rows: (..., L) architectures, whose choices stand before.
        """
        return _behind(self.log_transitions(scores), functional.pad(rows[..., :-1], (1, 0)))

    def open_behind(self, scores: Tensor, rows: Tensor) -> Tensor:
        """(..., L, C) whether a choice may follow that of the slot before; as `followed`."""
        return _behind(self._open(scores), functional.pad(rows[..., :-1], (1, 0)))

    def perturbed(self, scores: Tensor, generator: torch.Generator) -> Tensor:
        """(..., L, C) scores with Gumbel noise, which is the same on every device of the scores."""
        uniform = torch.rand(
            scores.shape, generator=generator, device=generator.device, dtype=torch.float64
        )
        return scores - (-uniform.clamp_min(_TINY).log()).log().to(scores.device)

    def walk(self, noisy: Tensor) -> Tensor:
        """(..., L) slot by slot the greatest of the scores (..., L, C) that may follow.

        Of logits with Gumbel noise, a draw of the chain (Maddison, Tarlow and Minka 2014, arXiv
        1411.0030).
        """
        can = self._open(noisy)
        rows = [torch.zeros(noisy.shape[:-2], dtype=torch.int64, device=noisy.device)]
        for slot in range(len(self.counts)):
            here = _behind(can[..., slot : slot + 1, :, :], rows[-1][..., None])
            kept = noisy[..., slot, :].masked_fill(~here[..., 0, :], -torch.inf)
            rows.append(kept.argmax(dim=-1))
        return torch.stack(rows[1:], dim=-1)

    def one_hot(self, rows: Tensor) -> Tensor:
        """(..., L, C) 1 for the choices of architectures (..., L), 0 for all others; float64."""
        return functional.one_hot(rows, self._places.shape[-1]).double()

    def _open(self, scores: Tensor) -> Tensor:
        """(..., L, P, C) or (L, P, C): which choice may follow which."""
        left = scores > -torch.inf
        if bool((left | ~self._real.to(left.device)).all()):
            return self._all.to(left.device)
        return self._leading(left)

    def _leading(self, left: Tensor) -> Tensor:
        """(..., L, P, C) the transitions by which choices that are left (..., L, C) lead to an end.

        Raises:
            ValueError: there is no network of them.
        """
        allowed = self._allowed.to(left.device)
        found = []
        on = torch.ones_like(left[..., 0, :])
        for slot in range(len(self.counts) - 1, -1, -1):
            found.append(allowed[slot] & (left[..., slot, :] & on)[..., None, :])
            on = found[-1].any(dim=-1)
        if not bool(on[..., 0].all()):
            raise ValueError("so many choices are taken away that no network is left")
        return torch.stack(found[::-1], dim=-3)


def _behind(table: Tensor, before: Tensor) -> Tensor:
    """(..., L, C) the rows of a table (..., L, P, C) that belong to choices (..., L)."""
    length, rows, columns = table.shape[-3:]
    batch = np.broadcast_shapes(table.shape[:-3], before.shape[:-1])
    table = table.expand(*batch, length, rows, columns)
    before = before.expand(*batch, length)
    return table.take_along_dim(before[..., None, None], dim=-2).squeeze(-2)
