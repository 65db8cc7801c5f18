"""Supernet: all networks of a space in one set of weights, each a path through it.

Single-path sharing (Guo et al. 2020, arXiv 1904.00420) with entangled weights (as in once-for-all,
Cai et al. 2020, arXiv 1908.09791): the inverted residuals of a slot are parts of one widest block,
the first channels and the centre of the kernel, with or without once-for-all's kernel transforms.
So are the blocks of every other kind that says how, see `Block.widest`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hwnas.networks.blocks import Block, InvertedResidual, Skip
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.networks.modules import BlockModule, NetworkModule, Path, follow
from hwnas.networks.trainable import Trainable
from hwnas.spaces import Architectures, SearchSpace, Slot


class Supernet(Trainable):
    """The shared weights of a search space.

    Children: `prefix0`, …; `slot0`, … with `shared`, the widest inverted residual, `shared_<kind>`
    for another kind that shares weights, and `choice<i>` for a choice that does not; `suffix0`, ….

    With kernel transforms, smaller depthwise kernels are the centre of the largest one times a
    trained matrix (see `KernelTransforms`), at first an identity.
    """

    def __init__(
        self,
        space: SearchSpace,
        seed: int = 0,
        *,
        kernel_transforms: bool = False,
        conventions: Conventions = USUAL,
    ) -> None:
        super().__init__()
        self.space = space
        self.conventions = conventions
        self._kernel_transforms = kernel_transforms
        generator = torch.Generator().manual_seed(seed)
        self._prefix = self._fixed("prefix", space.prefix, generator)
        self._slots = [_SlotModule(slot, generator, kernel_transforms) for slot in space.slots]
        for index, slot in enumerate(self._slots):
            self.add_module(f"slot{index}", slot)
        self._suffix = self._fixed("suffix", space.suffix, generator)
        follow(self, conventions)

    def _fixed(
        self, name: str, blocks: tuple[Block, ...], generator: torch.Generator
    ) -> list[BlockModule]:
        modules = [BlockModule(block, generator) for block in blocks]
        for index, module in enumerate(modules):
            self.add_module(f"{name}{index}", module)
        return modules

    @property
    def identity(self) -> str:
        """A text that is equal exactly for supernets of equal spaces that share alike."""
        blocks = self.space.identity + self.conventions.text
        return f"{blocks} with kernel transforms" if self._kernel_transforms else blocks

    @property
    def classes(self) -> int:
        """Number of logits."""
        return self.space.classes

    def path(self, architecture: Architectures) -> Path:
        """The module that holds the weights of each block of an architecture (L,); skips left out.

        Architectures of equal networks take the same path, that of their canonical form.

        Raises:
            ValueError: not an architecture of the space.
        """
        row = self.space.canonical(architecture)[0]
        chosen = [
            slot.choice(index, block)
            for slot, index, block in (
                (module, int(choice), module.slot.choices[choice])
                for module, choice in zip(self._slots, row, strict=True)
            )
            if not isinstance(block, Skip)
        ]
        fixed = [(module, module.block) for module in (*self._prefix, *self._suffix)]
        return [*fixed[: len(self._prefix)], *chosen, *fixed[len(self._prefix) :]]

    def forward(self, x: Tensor, architecture: Architectures) -> Tensor:
        """Images (N, 3, R, R) through one architecture (L,) → logits (N, classes)."""
        for module, block in self.path(architecture):
            x = module(x, block)
        return x

    def extract(self, architecture: Architectures) -> NetworkModule:
        """A network of its own with copies of the shared weights of an architecture (L,).

        Its batch norm statistics are those of many paths: `recalibrate` it before judging it.

        Raises:
            ValueError: not an architecture of the space.
        """
        path = self.path(architecture)
        state = {
            f"block{index}.{name}": tensor.detach().clone(memory_format=torch.contiguous_format)
            for index, (module, block) in enumerate(path)
            for name, tensor in module.cut(block).items()
        }
        with torch.device("meta"):  # no random weights that would be thrown away at once
            network = NetworkModule([block for _, block in path], None, self.conventions)
        network.load_state_dict(state, assign=True)
        return network.requires_grad_(True)


class _SlotModule(nn.Module):
    """The weights of one slot."""

    def __init__(self, slot: Slot, generator: torch.Generator, kernel_transforms: bool) -> None:
        super().__init__()
        self.slot = slot
        self._shares: set[str] = set()
        for kind, blocks in _by_kind(slot.choices).items():
            widest = type(blocks[0]).widest(blocks)
            if widest is not None:
                self._shares.add(kind)
                kernels = _kernels(blocks) if kernel_transforms else {}
                self.add_module(_shared(kind), BlockModule(widest, generator, kernels))
        for index, block in enumerate(slot.choices):
            if block.kind not in self._shares and not isinstance(block, Skip):
                self.add_module(f"choice{index}", BlockModule(block, generator))

    def choice(self, index: int, block: Block) -> tuple[BlockModule, Block]:
        name = _shared(block.kind) if block.kind in self._shares else f"choice{index}"
        module = self._modules[name]
        assert isinstance(module, BlockModule)
        return module, block


def _shared(kind: str) -> str:
    return "shared" if kind == InvertedResidual.kind else f"shared_{kind}"


def _by_kind(choices: Sequence[Block]) -> dict[str, list[Block]]:
    found: dict[str, list[Block]] = {}
    for block in choices:
        if not isinstance(block, Skip):
            found.setdefault(block.kind, []).append(block)
    return found


def _kernels(blocks: Sequence[Block]) -> dict[str, list[int]]:
    """The kernels that each layer has in some blocks; without those that have 1×1 ones alone."""
    found: dict[str, list[int]] = {}
    for block in blocks:
        for layer in block.layers():
            found.setdefault(layer.name, []).append(layer.kernel)
    return {name: kernels for name, kernels in found.items() if max(kernels) > 1}
