"""GatedSupernet: the widest network of a space, whose expanded channels come and go by gates."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from hwnas.networks.arithmetic import run_block
from hwnas.networks.blocks import Block, InvertedResidual
from hwnas.networks.layers import Layer
from hwnas.networks.modules import BlockModule
from hwnas.networks.trainable import Trainable
from hwnas.spaces.gate_groups import GateGroups, gate_groups
from hwnas.supernet.supernet import Supernet


class GatedSupernet(Trainable):
    """The weights of a space's networks, of which a pass runs the widest blocks.

    What comes out of a depthwise convolution and its activation is multiplied by the gates of its
    channels. Batch norms are of single channels, and squeeze-excite is that of the block of as many
    channels as are open, so gates of 0 and 1 compute what the network without the shut channels
    does.

    Attributes:
        supernet: the same weights without gates.
        groups: of each slot.
    """

    def __init__(self, supernet: Supernet) -> None:
        """Takes the weights.

        Raises:
            ConfigError: the space has slots without gates.
        """
        super().__init__()
        (space,) = supernet.space.members
        self.groups = gate_groups(space)
        self.supernet = supernet
        self.start, self.conventions = supernet.start, supernet.conventions

    @property
    @override
    def identity(self) -> str:
        return f"gated\n{self.supernet.identity}"

    @property
    @override
    def classes(self) -> int:
        return self.supernet.classes

    @override
    def forward(self, x: Tensor, gates: Sequence[Tensor]) -> Tensor:
        """Images (N, 3, R, R) through the open channels → logits (N, classes).

        Args:
            x: images of `hwnas.data.to_input`.
            gates: (G,) of each slot, from 0 for shut to 1 for open; of the groups that have some.

        Raises:
            ValueError: gates of other numbers of groups.
        """
        if [len(one) for one in gates] != [one.gates for one in self.groups]:
            raise ValueError(f"these are not gates of {self.supernet.space.name}")
        for module, block in self.supernet.prefix:
            x = module(x, block)
        for slot, row, choices in zip(self.groups, gates, self.supernet.choices, strict=True):
            modules = {block: module for module, block in choices}
            of_widest = modules[slot.widest]
            assert of_widest is not None
            if slot.instead is None:
                x = _gated(x, of_widest, slot, row)
            else:
                x = _or_instead(x, of_widest, modules[slot.instead], slot, row)
        for module, block in self.supernet.suffix:
            x = module(x, block)
        return x


def _or_instead(
    x: Tensor, module: BlockModule, other: BlockModule | None, slot: GateGroups, gates: Tensor
) -> Tensor:
    """The block as far as any gate is open, and what stands in for it where none is."""
    assert slot.instead is not None
    any_open = 1 - (1 - gates).prod()
    learnt = gates.requires_grad and torch.is_grad_enabled()
    share = float(any_open.detach())
    if share == 1.0 and not learnt:
        return _gated(x, module, slot, gates)
    skipped = x if other is None else other(x, slot.instead)
    if share == 0.0 and not learnt:
        return skipped
    weight = any_open.to(x.dtype)
    return weight * _gated(x, module, slot, gates) + (1 - weight) * skipped


def _gated(x: Tensor, module: BlockModule, slot: GateGroups, gates: Tensor) -> Tensor:
    """(N, C, R, R) through a block whose channels have gates."""
    always = gates.new_ones(slot.always)
    channels = torch.cat((always, gates)).repeat_interleave(slot.channels).to(x)
    block = _with_squeeze(slot, gates)

    def run(layer: Layer, at: Tensor) -> Tensor:
        found: Tensor = module.layer(layer.name)(at, layer)
        return found * channels[:, None, None] if layer.name == "depthwise" else found

    return run_block(block, run, x)


def _with_squeeze(slot: GateGroups, gates: Tensor) -> InvertedResidual:
    """The widest block with the squeeze-excite of that of as many channels as are open."""
    widest = slot.widest
    if not widest.squeeze_channels:
        return widest
    living = slot.always + int((gates.detach() > 0.5).sum())
    channels = slot.squeeze[max(living, 1) - 1]
    return replace(widest, squeeze_channels=channels)


def first_open(supernet: Supernet, logits: NDArray[np.float64]) -> None:
    """Puts the channels of the largest logits first, in place; no network computes anything else.

    Narrower blocks of a supernet take the first channels of the widest. So those that a training
    with gates has kept are what they take.

    Args:
        supernet: with the weights of such a training.
        logits: of all gates in a row.

    Raises:
        ConfigError: the space has slots without gates.
        ValueError: so many gates it has not.
    """
    (space,) = supernet.space.members
    groups = gate_groups(space)
    ends = np.cumsum([slot.gates for slot in groups])
    if logits.shape != (ends[-1],):
        raise ValueError(f"these are not gates of {space.name}")
    for slot, row, choices in zip(
        groups, np.split(logits, ends[:-1]), supernet.choices, strict=True
    ):
        modules: dict[Block, BlockModule | None] = {block: module for module, block in choices}
        module = modules[slot.widest]
        assert module is not None
        order = np.concatenate(
            (np.arange(slot.always), slot.always + np.argsort(-row, kind="stable"))
        )
        places = (order[:, None] * slot.channels + np.arange(slot.channels)).reshape(-1)
        _reorder(module, torch.from_numpy(places))


def _reorder(module: BlockModule, places: Tensor) -> None:
    """Takes the expanded channels of an inverted residual in another order."""
    for name, layer in module.layers():
        takes = name in ("squeeze_reduce", "project")  # the channels as its input
        state = layer.state_dict()
        for key, tensor in state.items():
            if key == "weight":
                state[key] = tensor.index_select(int(takes), places)
            elif not takes and not key.startswith("transforms"):
                state[key] = tensor.index_select(0, places)
        layer.load_state_dict(state)
