"""Spaces off the grid: inverted residuals of any width between the least and the most of a slot."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hwnas.networks.blocks import Block, InvertedResidual
from hwnas.networks.channels import make_divisible
from hwnas.spaces.limits import MOST_CHOICES, check_counts, check_sizes
from hwnas.spaces.space import SearchSpace, Slot, check_space


def fine_space(space: SearchSpace, step: int) -> SearchSpace:
    """A space with all widths of its inverted residuals; "tiny e8" where it was "tiny".

    Args:
        space: whose slots have inverted residuals of several expansions.
        step: channels from one width to the next.

    Raises:
        ValueError: there is nothing between its widths, or the choices are beyond the limits.
    """
    slots = tuple(
        Slot(slot.stage, finer_choices(slot.choices, step, f"slot {place}"))
        for place, slot in enumerate(space.slots, start=1)
    )
    if all(
        len(new.choices) == len(old.choices) for new, old in zip(slots, space.slots, strict=True)
    ):
        raise ValueError(
            f"expansion_step: no slot of {space.name} has inverted residuals of several widths "
            f"with others of {step} channels between them; leave expansion_step out"
        )
    check_counts((1, len(slot.choices)) for slot in slots)
    width = "" if space.width == 1 else f" w{space.width:g}"
    name = f"{space.name.removesuffix(width)} e{step}{width}"
    found = SearchSpace(name, space.prefix, slots, space.suffix, space.reference, space.width)
    check_sizes(found)
    check_space(found)
    return found


def finer_choices(choices: Sequence[Block], step: int, where: str) -> tuple[Block, ...]:
    """The choices of a slot with all widths that are multiples of a number of channels.

    Inverted residuals that differ in width alone become those of every multiple from the least of
    them to the most. That of the input is left out where it is not among them, since without
    expansion the block is another one.

    Args:
        choices: of a slot.
        step: channels from one width to the next.
        where: the slot, for messages.

    Raises:
        ValueError: no multiple lies between two widths of the slot.
    """
    together: dict[object, list[InvertedResidual]] = {}
    for block in choices:
        if isinstance(block, InvertedResidual):
            together.setdefault(without_width(block), []).append(block)
    found: dict[Block, None] = {}
    for block in choices:
        like = together.get(without_width(block), []) if isinstance(block, InvertedResidual) else []
        if len(like) > 1:
            least, most = _ends(like)
            if (most - least) // step >= MOST_CHOICES:  # before they are made
                raise ValueError(
                    f"expansion_step: {where} would have more than {MOST_CHOICES} widths from "
                    f"{least} to {most} channels; raise expansion_step"
                )
            widths = list(_between(like, step))
            if not widths:
                raise ValueError(
                    f"expansion_step: {where} has widths from {least} to {most} channels, and no "
                    f"multiple of {step} is among them; lower expansion_step"
                )
            found |= dict.fromkeys(widths)
        else:
            found[block] = None
    return tuple(found)


def without_width(block: InvertedResidual) -> InvertedResidual:
    """The same for blocks that differ in width alone."""
    return replace(block, expanded_channels=1, squeeze_channels=int(block.squeeze_channels > 0))


def _ends(blocks: Sequence[InvertedResidual]) -> tuple[int, int]:
    widths = [block.expanded_channels for block in blocks]
    return min(widths), max(widths)


def _between(blocks: Sequence[InvertedResidual], step: int) -> Iterator[InvertedResidual]:
    """Of every multiple, from the least."""
    known = {block.expanded_channels: block for block in blocks}
    least, most = _ends(blocks)
    widest = known[most]
    for width in range(-(-least // step) * step, most + 1, step):
        if width in known:
            yield known[width]
        elif width != widest.in_channels:
            squeeze = make_divisible(widest.squeeze_channels * width / most)
            yield replace(
                widest,
                expanded_channels=width,
                squeeze_channels=squeeze if widest.squeeze_channels else 0,
            )
