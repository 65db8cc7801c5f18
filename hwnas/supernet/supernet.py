"""Supernet: all networks of a space in one set of weights, each a path through it.

Single-path sharing (Guo et al. 2020, arXiv 1904.00420) with entangled weights (as in once-for-all,
Cai et al. 2020, arXiv 1908.09791): the inverted residuals of a slot are parts of one widest block,
the first channels and the centre of the kernel, with or without once-for-all's kernel transforms.
So are the blocks of every other kind that says how, see `Block.widest`.
"""

import torch
from torch import Tensor

from hwnas.core.errors import ConfigError
from hwnas.networks.blocks import Block, Skip
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.networks.modules import BlockModule, NetworkModule, Path, follow
from hwnas.networks.trainable import Trainable
from hwnas.spaces import Architectures, Space
from hwnas.spaces.shrunk import kept_of, whole_of
from hwnas.supernet.sharing import SlotModule, fixed_module


class Supernet(Trainable):
    """The shared weights of a search space, or of a family of spaces.

    Children: `prefix0`, …; `slot0`, … with `shared`, the widest inverted residual, `shared_<kind>`
    for another kind that shares weights, and `choice<i>` for a choice that does not; `suffix0`, ….

    With kernel transforms, smaller depthwise kernels are the centre of the largest one times a
    trained matrix (see `KernelTransforms`), at first an identity.

    The members of a family share all of it: those of other resolutions the same weights, narrower
    ones the first channels of every layer (`hwnas.supernet.sharing`). They share batch norms too,
    as in BigNAS (Yu et al. 2020, arXiv 2003.11142). Slimmable networks (Yu et al. 2019, arXiv
    1812.08928) give each width batch norms of its own, since mean and variance of a channel change
    with the width; here both are computed anew for every network that is judged or exported. A
    scale and a shift for each width, which would be left, did not help when it was measured
    (docs/guides/resolution_and_width.md).

    A space that was shrunk has the weights of the whole one, of which its paths take a part: so
    those of a supernet of the whole space, a published one, too, fit as they are.
    """

    def __init__(
        self,
        space: Space,
        seed: int = 0,
        *,
        kernel_transforms: bool = False,
        own_weights: bool = False,
        conventions: Conventions = USUAL,
    ) -> None:
        """Draws the first weights.

        Args:
            space: whose networks are its paths.
            seed: of the weights.
            kernel_transforms: see the class.
            own_weights: whether every choice has weights of its own, and shares none.
            conventions: of images and batch norms.

        Raises:
            ConfigError: a block of a narrower member is no part of the wider one's.
        """
        super().__init__()
        self.space = space
        self.conventions = conventions
        self._kernel_transforms, self._own_weights = kernel_transforms, own_weights
        self._whole = whole_of(space)
        members = self._whole.members
        generator = torch.Generator().manual_seed(seed)
        self._prefix = self._fixed("prefix", [each.prefix for each in members], generator)
        self._slots = [
            SlotModule(slots, generator, kernel_transforms, own_weights)
            for slots in zip(*(each.slots for each in members), strict=True)
        ]
        for index, slot in enumerate(self._slots):
            self.add_module(f"slot{index}", slot)
        self._suffix = self._fixed("suffix", [each.suffix for each in members], generator)
        follow(self, conventions)

    def _fixed(
        self, name: str, each: list[tuple[Block, ...]], generator: torch.Generator
    ) -> list[BlockModule]:
        if len({len(blocks) for blocks in each}) > 1:
            raise ConfigError(
                f"the spaces of {self.space.name} have different numbers of blocks before the "
                "first slot or behind the last one, and cannot share weights; name one of them"
            )
        modules = [fixed_module(column, generator) for column in zip(*each, strict=True)]
        for index, module in enumerate(modules):
            self.add_module(f"{name}{index}", module)
        return modules

    @property
    def identity(self) -> str:
        """A text that is equal exactly for supernets of equal spaces that share alike."""
        blocks = self.space.identity + self.conventions.text
        if self._own_weights:
            blocks += " with own weights"
        return f"{blocks} with kernel transforms" if self._kernel_transforms else blocks

    @property
    def classes(self) -> int:
        """Number of logits."""
        return self.space.classes

    def path(self, architecture: Architectures) -> Path:
        """The module that holds the weights of each block of an architecture (L,); skips left out.

        Architectures of equal networks take the same path, that of their canonical form. Those of a
        family (1 + L,) begin with their member.

        Raises:
            ValueError: not an architecture of the space.
        """
        numbers = self.space.numbers_of(self.space.canonical(architecture))[0]
        member, row = self._whole.of_member(numbers)
        blocks = [slot.choices[choice] for slot, choice in zip(member.slots, row, strict=True)]
        chosen = [
            (module.choice(int(choice), block), block)
            for module, choice, block in zip(self._slots, row, blocks, strict=True)
            if not isinstance(block, Skip)
        ]
        return [
            *zip(self._prefix, member.prefix, strict=True),
            *chosen,
            *zip(self._suffix, member.suffix, strict=True),
        ]

    def forward(self, x: Tensor, architecture: Architectures) -> Tensor:
        """Images (N, 3, R, R) through one architecture (L,) → logits (N, classes)."""
        for module, block in self.path(architecture):
            x = module(x, block)
        return x

    @property
    def prefix(self) -> Path:
        """The modules and blocks before the first slot; of a family those of its first member."""
        return list(zip(self._prefix, self._whole.members[0].prefix, strict=True))

    @property
    def choices(self) -> list[list[tuple[BlockModule | None, Block]]]:
        """Of each slot its choices in order: the module with the weights, None of a skip; block."""
        member = self._whole.members[0]
        return [
            [
                (None if isinstance(block, Skip) else module.choice(number, block), block)
                for number, block in ((n, slot.choices[n]) for n in numbers)
            ]
            for module, slot, numbers in zip(
                self._slots, member.slots, kept_of(self.space), strict=True
            )
        ]

    @property
    def suffix(self) -> Path:
        """The modules and blocks behind the last slot, see `prefix`."""
        return list(zip(self._suffix, self._whole.members[0].suffix, strict=True))

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
