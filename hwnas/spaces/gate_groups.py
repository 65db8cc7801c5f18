"""GateGroups: the channels by which the widths of a slot differ, in groups that come and go."""

from dataclasses import dataclass
from math import gcd

from hwnas.core.errors import ConfigError
from hwnas.networks.blocks import Block, ConvBlock, InvertedResidual, Skip
from hwnas.spaces.fine import without_width
from hwnas.spaces.space import SearchSpace


@dataclass(frozen=True)
class GateGroups:
    """The groups of expanded channels of a slot.

    Attributes:
        widest: the block that holds all of them.
        instead: the choice of no group at all; None where the slot cannot be skipped.
        channels: of a group.
        always: how many groups are in every block, and have no gate; 0 where the slot can be
            skipped.
        gates: how many can go.
        living: (C,) how many groups each choice has; 0 for that of none.
        squeeze: the channels inside squeeze-excite of so many groups, from 1 on; 0 without.
    """

    widest: InvertedResidual
    instead: Block | None
    channels: int
    always: int
    gates: int
    living: tuple[int, ...]
    squeeze: tuple[int, ...]

    def choice(self, gates: int) -> int:
        """The choice of so many open gates: the narrowest that has as many groups, or more."""
        wanted = self.always + gates
        if not wanted:
            return self.living.index(0)
        enough = [(n, choice) for choice, n in enumerate(self.living) if n >= wanted]
        return min(enough)[1]


def gate_groups(space: SearchSpace) -> tuple[GateGroups, ...]:
    """The groups of every slot.

    A group is as many channels as all widths of the slot are multiples of: those of
    `expansion_step`, say. Where the narrowest block has several groups and the slot cannot be
    skipped, the first ones are always there.

    Raises:
        ConfigError: the blocks of a slot differ in more than their width, or one has no expansion.
    """
    return tuple(
        _groups(f"slot {place} of {space.name}", slot.choices)
        for place, slot in enumerate(space.slots, start=1)
    )


def _groups(where: str, choices: tuple[Block, ...]) -> GateGroups:
    # Nothing, or the projection that changes the shape where the block is left out.
    instead = choices[0] if isinstance(choices[0], Skip | ConvBlock) else None
    blocks = choices if instead is None else choices[1:]
    residuals = [one for one in blocks if isinstance(one, InvertedResidual)]
    if len(residuals) < len(blocks) or len(set(map(without_width, residuals))) != 1:
        raise ConfigError(
            f"{where} has blocks that differ in more than their width, and gates are of the "
            "channels of one kind of inverted residual; leave it one, as by 'kernels: [3]' and "
            "one squeeze_excite"
        )
    widths = [one.expanded_channels for one in residuals]
    if not all(one.expands for one in residuals):
        raise ConfigError(
            f"{where} has a block without expansion, whose channels are those of its input and "
            "have no gates; begin its expansions at 2"
        )
    channels = gcd(*widths)
    least, most = min(widths) // channels, max(widths) // channels
    always = 0 if instead is not None else least
    widest = residuals[widths.index(max(widths))]
    living = tuple(
        one.expanded_channels // channels if isinstance(one, InvertedResidual) else 0
        for one in choices
    )
    inside = {one.expanded_channels // channels: one.squeeze_channels for one in residuals}
    squeeze = tuple(inside[min(n for n in inside if n >= k)] for k in range(1, most + 1))
    return GateGroups(widest, instead, channels, always, most - always, living, squeeze)
