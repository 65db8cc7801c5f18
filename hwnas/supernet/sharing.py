"""Modules whose weights several blocks share: choices of a slot, and equal blocks of other widths.

A narrower network takes the first channels of every layer, as slimmable networks do (Yu et al.
2019, arXiv 1812.08928) and BigNAS (Yu et al. 2020, arXiv 2003.11142).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import nn
from typing_extensions import override

from hwnas.core.errors import ConfigError
from hwnas.networks.arithmetic import named_layers
from hwnas.networks.blocks import Block, InvertedResidual, ParallelInvertedResidual, Skip
from hwnas.networks.kinds.parallel_inverted_residual import branch_of_layer
from hwnas.networks.layers import Layer
from hwnas.networks.modules import BlockModule, LayerModule
from hwnas.spaces import Slot


class SlotModule(nn.Module):
    """The weights of one slot: `shared`, `shared_<kind>`, `choice<i>`, see `Supernet`.

    Branches side by side that are choices of the slot, too, have the weights of these.
    """

    def __init__(
        self,
        slots: Sequence[Slot],
        generator: torch.Generator,
        kernel_transforms: bool,
        own_weights: bool = False,
    ) -> None:
        """Takes the slot of every member of a space, and whether no choice shares weights.

        Raises:
            ConfigError: a choice cannot take the first channels of a wider one.
        """
        super().__init__()
        self._shares: set[str] = set()
        self._branches = {
            (index, choice): places
            for slot in slots
            for index, choice in enumerate(slot.choices)
            if (places := _places_of_branches(choice, slot.choices))
        }
        columns = list(zip(*(slot.choices for slot in slots), strict=True))
        for column in columns:
            _check_widths(column)
        for kind, blocks in _by_kind(slots).items():
            if all(block in {choice for _, choice in self._branches} for block in blocks):
                continue
            widest = _widest(slots, kind)
            if widest and not own_weights:
                _check_widths(widest)
                self._shares.add(kind)
                kernels = _kernels(blocks) if kernel_transforms else {}
                module = shared_module(widest, generator, kernels, blocks)
                self.add_module(_shared(kind), module)
        for index, column in enumerate(columns):
            own = [one for one in column if not isinstance(one, Skip)]
            elsewhere = own and (own[0].kind in self._shares or (index, own[0]) in self._branches)
            if own and not elsewhere:
                self.add_module(f"choice{index}", shared_module(own, generator))

    def choice(self, index: int, block: Block) -> BlockModule:
        """The module that holds the weights of a block, a choice of some member."""
        if isinstance(block, ParallelInvertedResidual) and (index, block) in self._branches:
            places = zip(self._branches[index, block], block.branches, strict=True)
            return BranchesModule(block, [self.choice(place, one) for place, one in places])
        name = _shared(block.kind) if block.kind in self._shares else f"choice{index}"
        module = self._modules[name]
        assert isinstance(module, BlockModule)
        return module


class BranchesModule(BlockModule):
    """Branches side by side whose weights are those of other modules; it has none of its own."""

    def __init__(self, block: Block, modules: Sequence[BlockModule]) -> None:
        """Takes the block, and the module that holds the weights of each branch."""
        super().__init__(block, layers={})
        self._of_branches = tuple(modules)  # which are children of others

    @override
    def layer(self, name: str) -> LayerModule:
        branch, own = branch_of_layer(name)
        return self._of_branches[branch].layer(own)

    @override
    def layers(self) -> list[tuple[str, LayerModule]]:
        return [(name, self.layer(name)) for name in named_layers(self.block)]


def fixed_module(column: Sequence[Block], generator: torch.Generator) -> BlockModule:
    """The weights of one block before or behind the slots, of every member of a space.

    Raises:
        ConfigError: it cannot take the first channels of the widest member's.
    """
    _check_widths(column)
    return shared_module(column, generator)


def shared_module(
    widest: Sequence[Block],
    generator: torch.Generator,
    kernels: Mapping[str, Sequence[int]] | None = None,
    blocks: Iterable[Block] = (),
) -> BlockModule:
    """A module with the weights of all of some blocks.

    Args:
        widest: of each member of a space, the block that holds those of its choices.
        generator: of the first weights.
        kernels: see `BlockModule`.
        blocks: all choices of all members; a layer that only some of them have is there too, as the
            expansion of those whose expanded channels are not those of the input.
    """
    largest = max(widest, key=_size)
    layers = _together(map(named_layers, (largest, *widest)))
    others = _together(named_layers(block) for block in blocks)
    missing = {name: layer for name, layer in others.items() if name not in layers}
    return BlockModule(largest, generator, kernels, {**layers, **missing})


def _places_of_branches(block: Block, choices: Sequence[Block]) -> tuple[int, ...]:
    """Which choices of a slot the branches of a block are; none where not all of them are some."""
    if not isinstance(block, ParallelInvertedResidual) or not set(block.branches) <= set(choices):
        return ()
    return tuple(choices.index(one) for one in block.branches)


def _size(block: Block) -> tuple[int, int]:
    """Layers, then parameters."""
    layers = block.layers()
    return len(layers), sum(layer.parameters for layer in layers)


def _together(each: Iterable[Mapping[str, Layer]]) -> dict[str, Layer]:
    """By name, layers that hold all those of the same name."""
    found: dict[str, list[Layer]] = {}
    for layers in each:
        for name, layer in layers.items():
            found.setdefault(name, []).append(layer)
    return {
        name: replace(
            layers[0],
            in_channels=max(layer.in_channels for layer in layers),
            out_channels=max(layer.out_channels for layer in layers),
            groups=max(layer.groups for layer in layers),
            kernel=max(layer.kernel for layer in layers),
        )
        for name, layers in found.items()
    }


def _check_widths(column: Sequence[Block]) -> None:
    """Refuses a block that is no part of the wider ones that other members have in its place."""
    blocks = [block for block in column if not isinstance(block, Skip)]
    for block in blocks[1:]:
        name = _misfit(blocks[0], block)
        if name is not None:
            raise ConfigError(
                f"width: the blocks {blocks[0].short_name} and {block.short_name} cannot share "
                f"weights, since {name}; name one width"
            )


def _misfit(one: Block, other: Block) -> str | None:
    """Why one of two blocks of other widths cannot take the first channels of the other."""
    if one.kind != other.kind:
        return "they are of different kinds"
    theirs = named_layers(other)
    for name, layer in named_layers(one).items():
        if name not in theirs:
            continue
        twin = theirs[name]
        if (layer.normalized, layer.biased) != (twin.normalized, twin.biased):
            return f"only one of them has a batch norm or a bias in the layer '{name}'"
        # Of two groups or more, the first channels belong to the first groups alone.
        if layer.groups == twin.groups == 1 or _group(layer) == _group(twin):
            continue
        return (
            f"their layer '{name}' has groups of {_group(layer)[0]} and {_group(twin)[0]} channels"
        )
    return None


def _group(layer: Layer) -> tuple[int, int]:
    """Input and output channels of each group."""
    return layer.in_channels // layer.groups, layer.out_channels // layer.groups


def _widest(slots: Sequence[Slot], kind: str) -> list[Block]:
    """Of each member the block that holds its choices of a kind; none where they do not share."""
    found: list[Block] = []
    for slot in slots:
        blocks = [block for block in slot.choices if block.kind == kind]
        widest = type(blocks[0]).widest(blocks) if blocks else None
        found += [] if widest is None else [widest]
    return found


def _shared(kind: str) -> str:
    return "shared" if kind == InvertedResidual.kind else f"shared_{kind}"


def _by_kind(slots: Sequence[Slot]) -> dict[str, list[Block]]:
    found: dict[str, list[Block]] = {}
    for slot in slots:
        for block in slot.choices:
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
