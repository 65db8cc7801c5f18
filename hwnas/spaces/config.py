"""A search space from YAML: stages of inverted residuals between a stem and a head.

Or the space around a network, see `hwnas.spaces.around_config`.
"""

from typing import Annotated, Self, TypeVar

from pydantic import Field, model_validator

from hwnas.core.configs import StrictModel, find_config, parse_config, read_content
from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.networks.blocks import Block, ConvBlock, Head, Skip
from hwnas.networks.channels import make_divisible
from hwnas.networks.kinds.inverted_residual import InvertedResidualOptions
from hwnas.networks.options import Activation, Expansion, Kernel, Place
from hwnas.spaces.around_config import AroundConfig, PretrainedNetwork, build_around
from hwnas.spaces.fine import fine_space, finer_choices
from hwnas.spaces.limits import (
    MOST_CHANNELS,
    MOST_CLASSES,
    MOST_RESOLUTION,
    MOST_STAGES,
    check_counts,
    check_input,
    check_sizes,
)
from hwnas.spaces.space import SearchSpace, Slot, check_space
from hwnas.spaces.stage_config import Channels, StageConfig, Stride

Part = TypeVar("Part", bound=StrictModel)


class StemConfig(StrictModel):
    """The first convolution."""

    channels: Channels
    kernel: Kernel = 3
    stride: Stride = 2
    activation: Activation
    same_padding: bool = False


class FirstBlockConfig(StrictModel):
    """The fixed inverted residual behind the stem, in the published networks without expansion."""

    channels: Channels
    kernel: Kernel = 3
    stride: Stride = 1
    expansion: Expansion = 1
    activation: Activation
    squeeze_excite: bool = False
    same_padding: bool = False


class HeadConfig(StrictModel):
    """The classifier: 1×1 convolution to `features`, pool, optional hidden layer, logits."""

    features: Channels
    hidden: Annotated[int, Field(ge=0, le=MOST_CHANNELS)] = 0
    hidden_bias: bool = True
    hidden_norm: bool = False
    activation: Activation

    @model_validator(mode="after")
    def _bias_of_a_layer(self) -> Self:
        if not self.hidden and not self.hidden_bias:
            raise ValueError("hidden_bias is of the hidden layer; set hidden, or leave it out")
        if not self.hidden and self.hidden_norm:
            raise ValueError("hidden_norm is of the hidden layer; set hidden, or leave it out")
        if self.hidden_norm and not self.hidden_bias:
            raise ValueError("hidden_norm comes with a bias of its own; leave out hidden_bias")
        return self


class SpaceConfig(StrictModel):
    """The whole file `configs/spaces/<name>.yaml`."""

    name: str
    resolution: Annotated[int, Field(ge=1, le=MOST_RESOLUTION)]
    classes: Annotated[int, Field(ge=2, le=MOST_CLASSES)]
    stem: StemConfig
    first: FirstBlockConfig | None = None
    stages: Annotated[tuple[StageConfig, ...], Field(min_length=1, max_length=MOST_STAGES)]
    head: HeadConfig
    reference: str | None = None

    @model_validator(mode="after")
    def _can_be_searched(self) -> Self:
        # A stage that may skip blocks has one choice more.
        check_counts(
            (s.depth[1], len(s.choices()) + (s.depth[0] < s.depth[1])) for s in self.stages
        )
        return self


SpaceFile = SpaceConfig | AroundConfig
"""The content of a space file, of either form."""


def read_space(name: str) -> SpaceFile:
    """The config of a space, by a shipped name or the path of a YAML file.

    Raises:
        ConfigError: there is no such space, or its file is wrong.
    """
    path = find_config("spaces", name)
    content = read_content(path)
    if "around" in content:
        return parse_config(content, AroundConfig, shown(path))
    return parse_config(content, SpaceConfig, shown(path))


def make_space(
    config: SpaceFile,
    source: str,
    *,
    resolution: int | None = None,
    classes: int | None = None,
    width: float | None = None,
    pretrained: PretrainedNetwork | None = None,
    expansion_step: int | None = None,
) -> SearchSpace:
    """The search space of a config, see `hwnas.spaces.load_space`; `source` names it in messages.

    Raises:
        ConfigError: blocks that do not fit together, or a pretrained network is needed.
    """
    times = 1.0 if width is None else width
    try:
        if isinstance(config, AroundConfig):
            space = build_around(config, resolution, classes, times, pretrained)
        else:
            space = build_space(
                config,
                config.resolution if resolution is None else resolution,
                config.classes if classes is None else classes,
                times,
            )
        return space if expansion_step is None else fine_space(space, expansion_step)
    except ValueError as error:
        where = source if width is None else f"{source} at the width {width:g}"
        raise ConfigError(f"{where}: {error}") from error


def build_space(
    config: SpaceConfig, resolution: int, classes: int, width: float = 1.0
) -> SearchSpace:
    """The search space of a config; one of another width has it in its name, as in "tiny w1.2".

    Raises:
        ValueError: blocks that do not fit together, or that are beyond the limits.
    """
    check_input(resolution, classes)
    if width != 1:
        config = _widened(config, width)
    stem = ConvBlock(
        3,
        config.stem.channels,
        config.stem.kernel,
        config.stem.stride,
        config.stem.activation,
        resolution,
        config.stem.same_padding and config.stem.stride > 1,
    )
    prefix: list[Block] = [stem]
    if config.first is not None:
        prefix.append(_first_block(config.first, stem))
    slots: list[Slot] = []
    last: Block = prefix[-1]
    for index, stage in enumerate(config.stages):
        for position in range(stage.depth[1]):
            skippable = position >= stage.depth[0]
            place = _place(last, stage, stage.stride if position == 0 else 1)
            choices = _choices(stage, place, skippable)
            if stage.expansion_step is not None:
                where = f"slot {len(slots) + 1}"
                choices = finer_choices(choices, stage.expansion_step, where)
            slots.append(Slot(index, choices))
            last = choices[-1]
    head = Head(
        last.out_channels,
        config.head.features,
        config.head.hidden,
        classes,
        config.head.activation,
        last.out_resolution,
        config.head.hidden_bias,
        config.head.hidden_norm,
    )
    space = SearchSpace(config.name, tuple(prefix), tuple(slots), (head,), config.reference, width)
    check_counts((1, len(slot.choices)) for slot in slots)
    check_sizes(space)
    check_space(space)
    return space


def _widened(config: SpaceConfig, width: float) -> SpaceConfig:
    def times_width(part: Part) -> Part:
        counts = {
            key: make_divisible(getattr(part, key) * width)
            for key in ("channels", "features", "hidden")
            if getattr(part, key, 0)
        }
        return part.model_copy(update=counts)

    parts = {
        "name": f"{config.name} w{width:g}",
        "stem": times_width(config.stem),
        "first": config.first and times_width(config.first),
        "stages": tuple(map(times_width, config.stages)),
        "head": times_width(config.head),
    }
    return config.model_copy(update=parts)


def _place(before: Block, part: FirstBlockConfig | StageConfig, stride: int) -> Place:
    """That of a block behind another one."""
    return Place(
        before.out_channels,
        part.channels,
        stride,
        before.out_resolution,
        part.activation,
        # With a stride of 1 both paddings are the same, and equal blocks have equal keys.
        part.same_padding and stride > 1,
    )


def _first_block(first: FirstBlockConfig, stem: Block) -> Block:
    options = InvertedResidualOptions(
        kernel=first.kernel, expansion=first.expansion, squeeze_excite=first.squeeze_excite
    )
    return options.block(_place(stem, first, first.stride))


def _choices(stage: StageConfig, place: Place, skippable: bool) -> tuple[Block, ...]:
    blocks = tuple(options.block(place) for options in stage.choices())
    for block in blocks:
        if place.same_padding and not getattr(block, "same_padding", False):
            raise ValueError(
                f"same_padding is given, but a block of kind '{block.kind}' has none; leave it out"
            )
    if not skippable:
        return blocks
    if place.stride == 1 and place.in_channels == place.out_channels:
        return (Skip(place.out_channels, place.resolution), *blocks)
    # A skip cannot change the shape: a 1×1 convolution stands in (NAS-Bench-Macro's identity).
    projection = ConvBlock(
        place.in_channels, place.out_channels, 1, place.stride, "none", place.resolution
    )
    return (projection, *blocks)
