"""What is learnt of published networks: the order of their blocks, and how these look there."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.networks.blocks import Block, ConvBlock, Head, InvertedResidual, Network
from hwnas.spaces.generated.chain import Chain
from hwnas.spaces.references import load_reference


class Role(Enum):
    """What a block does to the shape of the map."""

    STEM = "the first convolution"
    FIRST = "the block behind it that expands nothing"
    SHRINK = "the first block of a stage, with a stride"
    WIDEN = "the first block of a stage, with other channels and no stride"
    REPEAT = "a block that changes no shape"
    HEAD = "the classifier"


class Step(NamedTuple):
    """A block of a network: what it does, and where.

    Attributes:
        halvings: how often the map was halved up to its output.
        stage: which stage of a map of this size it is in, from 1; 0 for those of no stage.
        role: what it does.
    """

    halvings: int
    stage: int
    role: Role


START = Step(0, 0, Role.HEAD)
"""What every network begins behind: the end of another one."""

Acting = tuple[Role, str]
"""An activation, and of what: REPEAT stands for all blocks of stages."""

NOTHING: Acting = (Role.HEAD, "none")
"""What the activation of a stem follows."""


@dataclass(frozen=True)
class Learnt:
    """What some networks have in common; every count is of their blocks.

    Attributes:
        networks: their names.
        steps: which block follows which.
        activations: which activation follows which, changes of stages alone.
        stems: channels and kernel of stems.
        firsts: kernel, and whether there is squeeze-excite, of first blocks that expand nothing.
        growth: of a step that changes channels, how many times more come out.
        squeezes: of a step that begins a stage, whether there is squeeze-excite.
        heads: features, hidden channels, and whether these have a batch norm.
    """

    networks: tuple[str, ...]
    steps: Chain[Step] = field(default_factory=Chain)
    activations: Chain[Acting] = field(default_factory=Chain)
    stems: Counter[tuple[int, int]] = field(default_factory=Counter)
    firsts: Counter[tuple[int, bool]] = field(default_factory=Counter)
    growth: dict[Step, Counter[float]] = field(default_factory=dict)
    squeezes: dict[Step, Counter[bool]] = field(default_factory=dict)
    heads: Counter[tuple[int, int, bool]] = field(default_factory=Counter)


# At which the published networks are read; strides and channels are the same at any.
_RESOLUTION, _CLASSES = 224, 1000


def learn(names: Sequence[str]) -> Learnt:
    """Reads published networks.

    Args:
        names: of references, as in "mobilenet_v2".

    Raises:
        ConfigError: none is named, there is no such network, or one has blocks that no stage of a
            drawn space has.
    """
    if not names:
        raise ConfigError("no network is named to learn from; name one or more")
    learnt = Learnt(tuple(dict.fromkeys(names)))
    for name in learnt.networks:
        network = load_reference(name, resolution=_RESOLUTION, classes=_CLASSES).network
        _read(network, learnt, name)
    return learnt


def _read(network: Network, learnt: Learnt, name: str) -> None:
    stem, *body, head = network
    if not (
        isinstance(stem, ConvBlock)
        and isinstance(head, Head)
        and all(isinstance(block, InvertedResidual) for block in body)
    ):
        raise ConfigError(
            f"{shown(name)} has other blocks than a stem, inverted residuals and a head, and a "
            "space cannot be drawn from it; leave it out"
        )
    blocks = [block for block in body if isinstance(block, InvertedResidual)]
    steps = [Step(_halvings(stem), 0, Role.STEM), *_steps(blocks, _halvings(stem))]
    learnt.steps.learn([START, *steps, Step(steps[-1].halvings, 0, Role.HEAD)])
    learnt.stems[stem.out_channels, stem.kernel] += 1
    learnt.heads[head.feature_channels, head.hidden_channels, head.hidden_norm] += 1
    acting = [NOTHING, (Role.STEM, stem.activation)]
    for step, block in zip(steps[1:], blocks, strict=True):
        squeezes = bool(block.squeeze_channels)
        if step.role is Role.FIRST:
            learnt.firsts[block.kernel, squeezes] += 1
        elif step.role is not Role.REPEAT:
            learnt.squeezes.setdefault(step, Counter())[squeezes] += 1
        if step.role is not Role.REPEAT:
            growth = block.out_channels / block.in_channels
            learnt.growth.setdefault(step, Counter())[growth] += 1
            role = Role.FIRST if step.role is Role.FIRST else Role.REPEAT
            acting.append((role, block.activation))
    learnt.activations.learn([*acting, (Role.HEAD, head.activation)])


def _steps(blocks: Sequence[InvertedResidual], halvings: int) -> Iterator[Step]:
    """Those behind the stem."""
    stage = 0
    for index, block in enumerate(blocks):
        halvings += _halvings(block)
        if index == 0 and not block.expands:
            role = Role.FIRST
        elif block.stride > 1:
            role, stage = Role.SHRINK, 1
        elif block.out_channels != block.in_channels:
            role, stage = Role.WIDEN, stage + 1
        else:
            role = Role.REPEAT
        yield Step(halvings, stage, role)


def _halvings(block: Block) -> int:
    stride = int(getattr(block, "stride", 1))
    return stride.bit_length() - 1
