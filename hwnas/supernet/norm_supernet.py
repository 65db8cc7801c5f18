"""NormSupernet: random convolutions that stay as they are, and batch norms that learn.

BN-NAS (Chen et al. 2021, arXiv 2108.07375): batch norm alone is trained, by single paths, and the
scales that it learns show how much of a block reaches what follows it.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hwnas.networks.blocks import ConvBlock
from hwnas.networks.modules import BatchNorm, BlockModule, build_module
from hwnas.networks.trainable import Trainable
from hwnas.spaces import Architectures, SearchSpace, Slot


class NormSupernet(Trainable):
    """The networks of a space by single paths, with a block of its own for every choice.

    A supernet of shared weights shares its batch norms too, whose scales would then be those of
    all choices of a slot. Convolutions, linear layers and biases are drawn once and never trained;
    neither is the classifier, as in the authors' code.
    """

    def __init__(self, space: SearchSpace, seed: int = 0) -> None:
        super().__init__()
        self.space = space
        generator = torch.Generator().manual_seed(seed)
        self._prefix = nn.Sequential(*(BlockModule(block, generator) for block in space.prefix))
        self._slots = [_choices(slot, generator) for slot in space.slots]
        for index, choices in enumerate(self._slots):
            self.add_module(f"slot{index}", choices)
        self._suffix = nn.Sequential(*(BlockModule(block, generator) for block in space.suffix))
        self.requires_grad_(False)
        for module in self.modules():
            if isinstance(module, BatchNorm):
                module.requires_grad_(True)

    @property
    def identity(self) -> str:
        """A text that is equal exactly for equal spaces."""
        return f"norms of {self.space.identity}"

    @property
    def classes(self) -> int:
        """Number of logits."""
        return self.space.classes

    def forward(self, x: Tensor, architecture: Architectures) -> Tensor:
        """Images (N, 3, R, R) through one architecture (L,) → logits (N, classes).

        Raises:
            ValueError: not an architecture of the space.
        """
        row = self.space.canonical(architecture)[0]
        x = self._prefix(x)
        for choices, choice in zip(self._slots, row, strict=True):
            x = choices[choice](x)
        logits: Tensor = self._suffix(x)
        return logits

    def indicators(self) -> list[NDArray[np.float64]]:
        """Of every slot, the choices' (C,) mean absolute scales of the last batch norm.

        0 where there is no block to judge, for a skip and for the convolution that stands in for
        one where the shape changes: what is left out contributes nothing
        (docs/guides/additive_scores.md).
        """
        return [
            np.array([_indicator(module) for module in choices.children()])
            for choices in self._slots
        ]


def _choices(slot: Slot, generator: torch.Generator) -> nn.ModuleList:
    return nn.ModuleList(build_module(block, generator) for block in slot.choices)


def _indicator(module: nn.Module) -> float:
    if not isinstance(module, BlockModule) or isinstance(module.block, ConvBlock):
        return 0.0
    normalized = [layer.name for layer in module.block.layers() if layer.normalized]
    if not normalized:
        return 0.0
    scales: Tensor = module.get_parameter(f"{normalized[-1]}.norm.weight")
    return float(scales.detach().abs().mean(dtype=torch.float64))
