"""StageStudent: a supernet whose stages run on their own, each from features to features."""

from torch import Tensor

from hwnas.networks.blocks import Block, Skip
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.networks.modules import BlockModule
from hwnas.networks.trainable import Trainable
from hwnas.spaces import Architectures, SearchSpace
from hwnas.spaces.stages import StageSpace
from hwnas.supernet.supernet import Supernet


class StageStudent(Trainable):
    """A supernet whose stages run on their own; the first one has the prefix, none the head.

    `conventions` are those of its teacher: both see the same inputs.
    """

    def __init__(self, space: SearchSpace, seed: int = 0, conventions: Conventions = USUAL) -> None:
        super().__init__()
        self.conventions = conventions
        self.stages = StageSpace(space)
        self.supernet = Supernet(space, seed, conventions=conventions)
        self._modules_of = _modules_of(space, self.supernet)
        suffix = self.supernet.path(space.choice_counts - 1)[-len(space.suffix) :]
        for module, _ in suffix:
            module.requires_grad_(False)

    @property
    def identity(self) -> str:
        """A text that is equal exactly for students of equal spaces."""
        return f"stages of {self.supernet.identity}"

    @property
    def classes(self) -> int:
        """Of the labels, which are not learned here."""
        return self.stages.space.classes

    def forward(self, x: Tensor, stage: int, path: Architectures) -> Tensor:
        """What is before a stage through a path of it → the features behind it.

        Args:
            x: images (N, 3, R, R) for stage 0, else the features behind the stage before.
            stage: which.
            path: (slots of the stage,) choices.
        """
        if stage == 0:
            x = self.prefix(x)
        for slot, choice in enumerate(path.tolist(), start=self.stages.slots[stage].start):
            x = self.block(slot, choice, x)
        return x

    def prefix(self, x: Tensor) -> Tensor:
        """Images (N, 3, R, R) through the fixed blocks before the first slot."""
        space = self.stages.space
        for module, block in self.supernet.path(space.choice_counts - 1)[: len(space.prefix)]:
            x = module(x, block)
        return x

    def block(self, slot: int, choice: int, x: Tensor) -> Tensor:
        """Features through one choice of a slot; a skip gives the same tensor."""
        found = self._modules_of[slot][choice]
        if found is None:
            return x
        module, block = found
        result: Tensor = module(x, block)
        return result


def _modules_of(
    space: SearchSpace, supernet: Supernet
) -> list[list[tuple[BlockModule, Block] | None]]:
    """Where the weights of every choice of every slot are; None for a skip."""
    found: list[list[tuple[BlockModule, Block] | None]] = []
    place = len(space.prefix)  # in the path of the last choices, which skips what is always skipped
    for slot, choices in enumerate(space.slots):
        found.append([])
        for choice, block in enumerate(choices.choices):
            row = space.choice_counts - 1
            row[slot] = choice
            found[-1].append(None if isinstance(block, Skip) else supernet.path(row)[place])
        place += not isinstance(choices.choices[-1], Skip)
    return found
