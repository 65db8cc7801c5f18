"""What there is to say of a search space: its size, its costs, its blocks in their order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hwnas.networks.blocks import Block, Skip
from hwnas.objectives.costs import MACS, PARAMETERS, block_macs
from hwnas.search.trellis import Trellis
from hwnas.spaces import Space


@dataclass(frozen=True)
class SpaceFigures:
    """The figures of a space.

    Attributes:
        networks: how many distinct ones there are.
        blocks: how many distinct blocks they are made of.
        macs: the least and the most multiply-accumulates of a network, for one image.
        parameters: the least and the most parameters of a network.
    """

    networks: int
    blocks: int
    macs: tuple[int, int]
    parameters: tuple[int, int]

    @classmethod
    def of(cls, space: Space) -> "SpaceFigures":
        """Exact ones, however many networks there are."""
        macs, parameters = (Trellis.of(space, cost).range for cost in (MACS, PARAMETERS))
        return cls(
            space.size,
            len(space.blocks()),
            (round(macs[0]), round(macs[1])),
            (round(parameters[0]), round(parameters[1])),
        )

    @property
    def sentences(self) -> list[str]:
        """Costs for people, as in "MACs: 4.2 M to 57 M a network"."""
        named = (("MACs", self.macs), ("parameters", self.parameters))
        return [
            f"{what}: {short(least)} to {short(most)} a network" for what, (least, most) in named
        ]

    def to_dict(self) -> dict[str, Any]:
        """For documents."""
        return {
            "networks": self.networks,
            "distinct_blocks": self.blocks,
            "macs": {"least": self.macs[0], "most": self.macs[1]},
            "params": {"least": self.parameters[0], "most": self.parameters[1]},
        }


@dataclass(frozen=True)
class Column:
    """A place in the networks of a space: a block that all have, or a slot.

    Attributes:
        label: "stem", the number of the slot, or "head"; "" for other blocks.
        stage: from 1; None for a block of no stage.
        channels: that come out; None of the classifier.
        pixels: height and width of what comes out; of the classifier, of what goes in.
        macs: of every choice, a skip's being 0.
    """

    label: str
    stage: int | None
    channels: int | None
    pixels: int
    macs: tuple[int, ...]


def columns(space: Space) -> list[Column]:
    """The places of a space in their order; those of a family are of its largest member."""
    member = space.members[-1]
    first = 1 + len(space.choice_counts) - len(member.slots)
    before = [_column(index, None, (block,)) for index, block in enumerate(member.prefix)]
    slots = [
        _column(None, slot.stage + 1, slot.choices, str(number))
        for number, slot in enumerate(member.slots, start=first)
    ]
    after = [_column(None, None, (block,)) for block in member.suffix]
    return [*before, *slots, *after]


def short(count: float) -> str:
    """A count in three digits, as in "57.3 M"."""
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " K")):
        if count >= size:
            return f"{count / size:.3g}{unit}"
    return f"{count:g}"


def _column(
    index: int | None, stage: int | None, choices: Sequence[Block], label: str = ""
) -> Column:
    block = choices[-1]
    if block.gives_logits:
        label = "head"
    elif index == 0:
        label = "stem"
    return Column(
        label,
        stage,
        None if block.gives_logits else block.out_channels,
        block.resolution if block.gives_logits else block.out_resolution,
        tuple(0 if isinstance(one, Skip) else block_macs(one) for one in choices),
    )
