"""MixingSupernet: every slot is a weighted sum of what its choices make of what comes in.

The relaxation of DARTS (Liu et al. 2019, arXiv 1806.09055): architecture by gradient.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from typing_extensions import override

from hwnas.core.errors import ConfigError
from hwnas.networks.blocks import Block
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.networks.modules import BlockModule
from hwnas.networks.trace import Trace
from hwnas.networks.trainable import Trainable
from hwnas.spaces import SearchSpace
from hwnas.supernet.supernet import Supernet

_COPIES = 3  # of what a layer gives: convolved, normalised, multiplied; measured 2.8 to 4.1

Weights = Sequence[Tensor]
"""L tensors (C,): what the output of each choice of each slot is multiplied by."""


class MixingSupernet(Trainable):
    """The weights of a space's networks, mixed slot by slot.

    Weights of exactly 0 that need no gradient cost nothing: their choices are not run. So one-hot
    weights run one path, in the memory of one network, while weights that need a gradient run all
    choices of all slots, and keep what all of them compute.

    Attributes:
        supernet: the same weights without mixing: its paths can be judged and extracted.
    """

    def __init__(
        self,
        space: SearchSpace,
        seed: int = 0,
        *,
        own_weights: bool = False,
        conventions: Conventions = USUAL,
    ) -> None:
        """Draws the first weights.

        Args:
            space: of one resolution and one width.
            seed: of the weights.
            own_weights: whether every choice has weights of its own, as in DARTS; by default the
                choices of a slot are parts of the widest one.
            conventions: of images and batch norms.

        Raises:
            ConfigError: a slot has choices of different output shapes.
        """
        super().__init__()
        _check_shapes(space)
        self.conventions = conventions
        self.supernet = Supernet(space, seed, own_weights=own_weights, conventions=conventions)

    @property
    @override
    def identity(self) -> str:
        return f"mixed\n{self.supernet.identity}"

    @property
    @override
    def classes(self) -> int:
        return self.supernet.classes

    @property
    def image_bytes(self) -> int:
        """About what a pass through all choices keeps of one image, until its gradients are known.

        In single precision.
        """
        blocks = [block for _, block in (*self.supernet.prefix, *self.supernet.suffix)]
        blocks += [
            one for slot in self.supernet.choices for module, one in slot if module is not None
        ]
        steps = [step for block in blocks for step in Trace(block).steps if not step.in_place]
        return 4 * _COPIES * sum(step.written.size for step in steps)

    @override
    def forward(self, x: Tensor, weights: Weights) -> Tensor:
        """Images (N, 3, R, R) through the mixture → logits (N, classes).

        Args:
            x: images of `hwnas.data.to_input`.
            weights: of the choices of each slot.

        Raises:
            ValueError: weights of other numbers of choices, or a slot whose weights are all 0.
        """
        choices = self.supernet.choices
        if [len(one) for one in weights] != [len(one) for one in choices]:
            raise ValueError(f"these are not weights of the choices of {self.supernet.space.name}")
        for module, block in self.supernet.prefix:
            x = module(x, block)
        for slot, row in zip(choices, weights, strict=True):
            x = _mixture(x, slot, row)
        for module, block in self.supernet.suffix:
            x = module(x, block)
        return x


def _mixture(
    x: Tensor, choices: Sequence[tuple[BlockModule | None, Block]], weights: Tensor
) -> Tensor:
    """What one slot makes of (N, C, R, R)."""
    values = weights.detach().tolist()
    learnt = weights.requires_grad and torch.is_grad_enabled()
    run = [place for place, value in enumerate(values) if value or learnt]
    if not run:
        raise ValueError("all the weights of a slot are 0; give one choice at least a weight")
    total: Tensor | None = None
    for place in run:
        module, block = choices[place]
        out = x if module is None else module(x, block)
        if learnt or values[place] != 1.0:
            out = out * weights[place].to(out.dtype)
        total = out if total is None else total + out
    assert total is not None
    return total


def _check_shapes(space: SearchSpace) -> None:
    for place, slot in enumerate(space.slots, start=1):
        if len({(block.out_channels, block.out_resolution) for block in slot.choices}) > 1:
            raise ConfigError(
                f"slot {place} of {space.name} has choices of different output shapes, which "
                "cannot be added; leave some out"
            )
