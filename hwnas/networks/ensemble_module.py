"""EnsembleModule: an ensemble in PyTorch, of networks that exist already."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from typing_extensions import override

from hwnas.networks.ensemble import LEAST_PROBABILITY, Ensemble
from hwnas.networks.folding import FoldedWeights, fold_block
from hwnas.networks.modules import BlockModule, NetworkModule
from hwnas.networks.trainable import Trainable


class EnsembleModule(Trainable):
    """Networks whose first blocks are one and the same; children `trunk`, `member0`, `member1`, ….

    Attributes:
        ensemble: its blocks.
    """

    def __init__(self, members: Sequence[NetworkModule], shared: int = 0) -> None:
        """Takes the modules of networks, without copying them.

        Args:
            members: at least two.
            shared: how many first blocks all have in common; those of the first member are taken.

        Raises:
            ValueError: their blocks or what they do with an image differ, see `Ensemble`.
        """
        super().__init__()
        self.ensemble = Ensemble.of([one.blocks for one in members], shared)
        inputs = {(one.conventions.mean, one.conventions.std) for one in members}
        if len(inputs) > 1:
            raise ValueError("the members take images that are normalised in different ways")
        self.conventions = members[0].conventions
        self._each = [one.conventions for one in members]
        self.trunk = nn.Sequential(*list(members[0].children())[:shared])
        for number, one in enumerate(members):
            tail = nn.Sequential(*list(one.children())[shared:])
            self.add_module(f"member{number}", tail)

    @property
    @override
    def identity(self) -> str:
        """A text that is equal exactly for ensembles of equal blocks and batch norms."""
        shared = len(self.ensemble.trunk)
        return "\n\n".join([f"ensemble, {shared} shared", *(one.identity for one in self.members)])

    @property
    @override
    def classes(self) -> int:
        """Number of logits of each member."""
        return self.ensemble.classes

    @property
    def tails(self) -> list[nn.Sequential]:
        """What each member has behind the trunk."""
        return [one for one in self.children() if isinstance(one, nn.Sequential)][1:]

    @property
    def members(self) -> list[NetworkModule]:
        """Each member as a network of its own, with the very same weights."""
        found = []
        parts = zip(self.tails, self.ensemble.members, self._each, strict=True)
        for tail, blocks, conventions in parts:
            with torch.device("meta"):  # no weights that would be thrown away at once
                one = NetworkModule(blocks, None, conventions)
            for index, module in enumerate((*self.trunk, *tail)):
                one.add_module(f"block{index}", module)
            found.append(one.train(self.training))
        return found

    def forward(self, x: Tensor, *, apart: bool = False) -> Tensor:
        """Images (N, 3, R, R) → the logarithm of the averaged probabilities (N, classes).

        With `apart` the logits of each member, (members, N, classes).
        """
        shared = self.trunk(x)
        logits = torch.stack([tail(shared) for tail in self.tails])
        return logits if apart else logits.softmax(2).mean(0).clamp_min(LEAST_PROBABILITY).log()


def ensemble_weights(module: EnsembleModule) -> list[FoldedWeights]:
    """The weights of each of `ensemble.blocks`, batch norm folded in; {} for a skip."""
    parts = [module.trunk, *module.tails]
    return [
        fold_block(one) if isinstance(one, BlockModule) else {} for part in parts for one in part
    ]
