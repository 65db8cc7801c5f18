"""Where a network is in a space, whatever its images and classes, and what a space lacks of it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hwnas.core.errors import ConfigError
from hwnas.networks.block import block_fields
from hwnas.networks.blocks import Block, Head, Network
from hwnas.spaces.family import Space
from hwnas.spaces.shrunk import ShrunkSpace
from hwnas.spaces.space import Architectures, SearchSpace, Slot

# Of a slot's choices in a message.
_SHOWN = 6


def architecture_of(
    space: SearchSpace, network: Network, name: str = "the network"
) -> Architectures:
    """(L,) the architecture that a network has in a space, at its resolution and for its classes.

    Args:
        space: which.
        network: for images of any size and any number of classes.
        name: of the network, for messages.

    Raises:
        ConfigError: the space does not contain it; names the first block that is not there.
    """
    own = _at(network, space)
    try:
        return space.architecture(own)
    except ValueError as error:
        if isinstance(space, ShrunkSpace):
            # Refused by the whole space, where it is not there either.
            row = architecture_of(space.whole, network, name).tolist()
            gone = next(slot for slot, one in enumerate(row) if one not in space.kept[slot])
            choice = space.whole.slots[gone].choices[row[gone]].choice_name
            raise ConfigError(
                f"the space {space.name} does not contain {name}: its choice {choice} of slot "
                f"{gone + 1} was taken away; keep it in the file of choices"
            ) from error
        remedy = "set space: around_pretrained, the space around it"
        if space.width != 1:
            remedy = "its channels are those of the width 1: leave width out, or add 1 to its list"
        raise ConfigError(
            f"the space {space.name} does not contain {name}: {_difference(space, own)}; {remedy}"
        ) from error


def architecture_in(space: Space, network: Network, name: str = "the network") -> Architectures:
    """The same in a space, or in a member of a family that is as wide as the network.

    Members of the width 1, or of the one next to it, come first; of a width the one of the largest
    resolution.

    Raises:
        ConfigError: no member contains it; says of the first one what it lacks.
    """
    members, refused = space.members, []
    for number in sorted(
        range(len(members)), key=lambda one: (abs(members[one].width - 1), -members[one].resolution)
    ):
        try:
            row = architecture_of(members[number], network, name)
        except ConfigError as error:
            refused.append(error)
        else:
            found: Architectures = space.rows_of(number, row)[0]
            return found
    raise refused[0]


def architectures_in(space: Space, network: Network, name: str = "the network") -> Architectures:
    """(R, L) the same at every resolution of the space, from the least.

    Raises:
        ConfigError: see `architecture_of`.
    """
    own, row = space.of_member(architecture_in(space, network, name))
    found: Architectures = np.vstack(
        [
            space.rows_of(number, row)
            for resolution in space.resolutions
            for number in space.at(resolution)
            if space.members[number].width == own.width
        ]
    )
    return found


def _at(network: Network, space: SearchSpace) -> Network:
    blocks: list[Block] = []
    resolution = space.resolution
    for block in network:
        changed: Block = replace(block, resolution=resolution)  # type: ignore[type-var]
        if isinstance(changed, Head):
            changed = replace(changed, classes=space.classes)
        blocks.append(changed)
        resolution = changed.out_resolution
    return tuple(blocks)


def _difference(space: SearchSpace, network: Network) -> str:
    """The first block of a network that a space does not have, and what is there."""
    for number, (ours, own) in enumerate(zip(space.prefix, network, strict=False), start=1):
        if ours != own:
            return f"its block {number} is {own.short_name}, and the space has {ours.short_name}"
    number, first, end = len(space.prefix), 0, len(network) - len(space.suffix)
    for index, slot in enumerate(space.slots):
        if number < end and network[number] in slot.choices:
            number, first = number + 1, index + 1
        elif not slot.can_skip:
            break
    if number < end:
        own = network[number]
        return f"its block {number + 1} is {own.short_name}, and {_offer(space, first, own)}"
    needed = [slot for slot in space.slots[first:] if not slot.can_skip]
    if needed:
        return f"it ends where the space has {needed[0].choices[-1].short_name}"
    ours, own = next(
        pair for pair in zip(space.suffix, network[end:], strict=True) if pair[0] != pair[1]
    )
    return f"it ends with {own.short_name}, and the space with {ours.short_name}"


def _offer(space: SearchSpace, first: int, own: Block) -> str:
    """What the first slot has, from some slot on, that stands where a block stands."""
    for index in range(first, len(space.slots)):
        slot = space.slots[index]
        if _place(slot.choices[-1]) == _place(own):
            return f"slot {index + 1} there offers {_choices(slot, own)}"
    return "there is no slot for it"


def _place(block: Block) -> tuple[int, ...]:
    stride = getattr(block, "stride", 1)
    return block.in_channels, block.out_channels, block.resolution, stride


def _choices(slot: Slot, own: Block) -> str:
    names = [block.choice_name for block in slot.choices]
    listed = ", ".join(names[:_SHOWN])
    if len(names) > _SHOWN:
        listed += f" and {len(names) - _SHOWN} more"
    nearest = min(slot.choices, key=lambda block: _differing(block, own))
    return f"{listed}, the nearest of which is {nearest.short_name}"


def _differing(block: Block, own: Block) -> int:
    """How many fields of two blocks differ."""
    if block.kind != own.kind:
        return 100
    names: Sequence[str] = [field.name for field in block_fields(type(block))]
    return sum(getattr(block, name) != getattr(own, name) for name in names)
