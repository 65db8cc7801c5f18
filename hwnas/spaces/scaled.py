"""A space with fewer or more channels in every block, as MobileNet's width multiplier has it."""

from collections.abc import Sequence
from dataclasses import replace

from hwnas.networks.block import block_fields
from hwnas.networks.blocks import Block
from hwnas.networks.channels import make_divisible
from hwnas.spaces.space import SearchSpace, Slot, check_space

# The fields of blocks that count channels, but for those inside.
_CHANNELS = ("in_channels", "out_channels", "channels", "feature_channels", "hidden_channels")


def scaled_space(space: SearchSpace, width: float) -> SearchSpace:
    """The same space with every count of channels times a width, rounded by `make_divisible`.

    Expansions stay, and the choices of a slot stay distinct. Blocks of a width below 1 share the
    weights of those of width 1: their first channels.

    Raises:
        ValueError: stages fall together at this width.
    """
    stem, *others = (_scaled(block, width) for block in space.prefix)
    image = {"in_channels": space.prefix[0].in_channels}
    scaled = SearchSpace(
        f"{space.name} w{width:g}",
        (_with(stem, image), *others),
        tuple(Slot(slot.stage, _choices(slot.choices, width)) for slot in space.slots),
        tuple(_scaled(block, width) for block in space.suffix),
        space.reference,
        width,
    )
    check_space(scaled)
    return scaled


def _choices(choices: Sequence[Block], width: float) -> tuple[Block, ...]:
    """Those of a slot; where two would be rounded to the same expansion, one takes 8 more."""
    scaled = [_scaled(block, width) for block in choices]
    inside: dict[int, int] = {}
    least = 0
    for own, new in sorted(
        {(_inside(a), _inside(b)) for a, b in zip(choices, scaled, strict=True)}
    ):
        if own:
            inside[own] = max(new, least)
            least = inside[own] + 8
    return tuple(
        _with_inside(new, inside[_inside(block)]) if _inside(block) else new
        for block, new in zip(choices, scaled, strict=True)
    )


def _scaled(block: Block, width: float) -> Block:
    names = {field.name for field in block_fields(type(block))}
    counts = {name: getattr(block, name) for name in _CHANNELS if name in names}
    scaled = _with(
        block, {name: make_divisible(count * width) for name, count in counts.items() if count}
    )
    own, before, after = _inside(block), block.in_channels, scaled.in_channels
    if own == before:
        return _with_inside(scaled, after)
    inside = make_divisible(after * own / before)
    return _with_inside(scaled, inside + 8 if inside == after else inside) if own else scaled


def _inside(block: Block) -> int:
    """Expanded channels; 0 of a block that has none."""
    return int(getattr(block, "expanded_channels", 0))


def _with_inside(block: Block, expanded: int) -> Block:
    """The block with other expanded channels, and as many less or more to squeeze them into."""
    squeezed = getattr(block, "squeeze_channels", 0)
    counts = {"expanded_channels": expanded}
    if squeezed and expanded != _inside(block):
        counts["squeeze_channels"] = make_divisible(squeezed * expanded / _inside(block))
    return _with(block, counts)


def _with(block: Block, counts: dict[str, int]) -> Block:
    return replace(block, **counts)  # type: ignore[type-var]  # every kind is a dataclass
