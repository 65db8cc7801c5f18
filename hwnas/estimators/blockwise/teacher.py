"""Teacher: a trained network, cut where the stages of a space end."""

import torch
from torch import Tensor

from hwnas.core.errors import ConfigError
from hwnas.networks.blocks import Network
from hwnas.networks.modules import NetworkModule
from hwnas.spaces import SearchSpace
from hwnas.spaces.stages import StageSpace
from hwnas.training.checkpoint import weights_digest


class Teacher:
    """What the stages of a space shall compute: the features of a trained network.

    Any network will do whose features have the shapes in which the stages of the space end, as
    those of the space itself have.
    """

    def __init__(self, network: NetworkModule, space: SearchSpace) -> None:
        """Takes a trained network, which is frozen.

        Raises:
            ConfigError: its features have other shapes.
        """
        self.space = space
        self.digest = weights_digest(network.state_dict())
        self.conventions = network.conventions
        self._network = network.requires_grad_(False).eval()
        self._ends = stage_ends(network.blocks, space)

    def features(self, inputs: Tensor) -> list[Tensor]:
        """Images (N, 3, R, R) → the features (N, C, r, r) at the end of every stage."""
        self._network.to(inputs.device)
        found, x = [], inputs
        with torch.no_grad():
            for index, module in enumerate(self._network.children()):
                x = module(x)
                if index in self._ends:
                    found.append(x)
                if len(found) == len(self._ends):
                    break
        return found


def stage_ends(network: Network, space: SearchSpace) -> list[int]:
    """Which blocks of a network compute the features in which the stages of a space end.

    Raises:
        ConfigError: a stage's features are not there.
    """
    if network[0].resolution != space.resolution:
        raise ConfigError(
            f"the teacher takes images of {network[0].resolution} pixels and {space.name} of "
            f"{space.resolution}; train it at that resolution"
        )
    shapes = [(b.out_channels, b.out_resolution) for b in network if not b.gives_logits]
    ends: list[int] = []
    for number, slots in enumerate(StageSpace(space).slots, start=1):
        block = space.slots[slots.stop - 1].choices[-1]
        shape = (block.out_channels, block.out_resolution)
        found = [index for index, other in enumerate(shapes) if other == shape]
        if not found or (ends and found[-1] <= ends[-1]):
            raise ConfigError(
                f"the teacher has no features of its own for stage {number} of {space.name}, which "
                f"ends with {shape[0]} channels at {shape[1]} pixels; use a network of that space, "
                "and a space whose stages end with different shapes"
            )
        ends.append(found[-1])
    return ends
