"""A search space from YAML: stages of inverted residuals between a stem and a head."""

from itertools import product
from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, model_validator

from hwnas.core.configs import StrictModel, find_config, read_config
from hwnas.core.errors import ConfigError
from hwnas.networks.blocks import Block, ConvBlock, Head, InvertedResidual, Skip
from hwnas.networks.channels import make_divisible, squeeze_channels
from hwnas.spaces.limits import (
    MOST_CHANNELS,
    MOST_CHOICES,
    MOST_CLASSES,
    MOST_DEPTH,
    MOST_RESOLUTION,
    MOST_STAGES,
    check_counts,
    check_input,
    check_sizes,
)
from hwnas.spaces.space import SearchSpace, Slot, check_space

Channels = Annotated[int, Field(ge=1, le=MOST_CHANNELS)]
Stride = Annotated[int, Field(ge=1, le=64)]
Expansion = Annotated[int, Field(ge=1, le=256)]
Kernel = Annotated[Literal[1, 3, 5, 7, 9, 11], Field()]
Activation = Literal["relu", "relu6", "hard_swish"]
Part = TypeVar("Part", bound=StrictModel)


class StemConfig(StrictModel):
    """The first convolution."""

    channels: Channels
    kernel: Kernel = 3
    stride: Stride = 2
    activation: Activation


class FirstBlockConfig(StrictModel):
    """The fixed inverted residual behind the stem, in the published networks without expansion."""

    channels: Channels
    kernel: Kernel = 3
    stride: Stride = 1
    expansion: Expansion = 1
    activation: Activation
    squeeze_excite: bool = False


class BlockChoice(StrictModel):
    """One way to build a block: its depthwise kernel and how much it expands its input."""

    kernel: Kernel
    expansion: Expansion


class StageConfig(StrictModel):
    """Blocks of equal output channels, the first with the stride.

    Blocks beyond the least depth may be skipped. The choices are all kernels × expansions, or
    those listed in `blocks`; with `squeeze_excite: [false, true]` each of them without and with it.
    """

    channels: Channels
    stride: Stride = 1
    depth: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=1, le=MOST_DEPTH)]]
    kernels: Annotated[tuple[Kernel, ...], Field(max_length=MOST_CHOICES)] = ()
    expansions: Annotated[tuple[Expansion, ...], Field(max_length=MOST_CHOICES)] = ()
    blocks: Annotated[tuple[BlockChoice, ...], Field(max_length=MOST_CHOICES)] = ()
    activation: Activation
    squeeze_excite: bool | Annotated[tuple[bool, ...], Field(min_length=1, max_length=2)] = False

    @model_validator(mode="after")
    def _choices_once(self) -> Self:
        if self.depth[0] > self.depth[1]:
            raise ValueError(f"depth goes from few to many, like [2, 4], not {list(self.depth)}")
        if bool(self.blocks) == bool(self.kernels and self.expansions):
            raise ValueError("give either kernels and expansions, or a list of blocks")
        if len(set(self.options())) < len(self.options()):
            raise ValueError("the same block is there twice; name each choice once")
        return self

    def options(self) -> tuple[tuple[int, int, bool], ...]:
        """(kernel, expansion, squeeze-excite) of every choice."""
        shapes = (
            [(block.kernel, block.expansion) for block in self.blocks]
            if self.blocks
            else list(product(self.kernels, self.expansions))
        )
        squeezed = self.squeeze_excite
        either = (squeezed,) if isinstance(squeezed, bool) else squeezed
        return tuple((*shape, each) for each in either for shape in shapes)


class HeadConfig(StrictModel):
    """The classifier: 1×1 convolution to `features`, pool, optional hidden layer, logits."""

    features: Channels
    hidden: Annotated[int, Field(ge=0, le=MOST_CHANNELS)] = 0
    hidden_bias: bool = True
    activation: Activation

    @model_validator(mode="after")
    def _bias_of_a_layer(self) -> Self:
        if not self.hidden and not self.hidden_bias:
            raise ValueError("hidden_bias is of the hidden layer; set hidden, or leave it out")
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
            (s.depth[1], len(s.options()) + (s.depth[0] < s.depth[1])) for s in self.stages
        )
        return self


def load_space(
    name: str,
    *,
    resolution: int | None = None,
    classes: int | None = None,
    width: float | None = None,
) -> SearchSpace:
    """The search space of a shipped name or a YAML file, at any resolution and class count.

    A width multiplies the channels of stem, stages and head, as once-for-all does, and MobileNet
    (Howard et al. 2017, arXiv 1704.04861): rounded by `make_divisible`; expansions stay.

    Raises:
        ConfigError: there is no such space, or its file is wrong.
    """
    path = find_config("spaces", name)
    config = read_config(path, SpaceConfig)
    return make_space(config, str(path), resolution=resolution, classes=classes, width=width)


def read_space(name: str) -> SpaceConfig:
    """The config of a space, by a shipped name or the path of a YAML file.

    Raises:
        ConfigError: there is no such space, or its file is wrong.
    """
    return read_config(find_config("spaces", name), SpaceConfig)


def make_space(
    config: SpaceConfig,
    source: str,
    *,
    resolution: int | None = None,
    classes: int | None = None,
    width: float | None = None,
) -> SearchSpace:
    """The search space of a config, see `load_space`; `source` names it in messages.

    Raises:
        ConfigError: blocks that do not fit together.
    """
    try:
        return build_space(
            config,
            config.resolution if resolution is None else resolution,
            config.classes if classes is None else classes,
            1.0 if width is None else width,
        )
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
    )
    prefix: list[Block] = [stem]
    if config.first is not None:
        prefix.append(_first_block(config.first, stem))
    slots: list[Slot] = []
    last: Block = prefix[-1]
    for index, stage in enumerate(config.stages):
        for position in range(stage.depth[1]):
            skippable = position >= stage.depth[0]
            choices = _choices(stage, last, stage.stride if position == 0 else 1, skippable)
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
    )
    space = SearchSpace(config.name, tuple(prefix), tuple(slots), (head,), config.reference, width)
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


def inverted_residual(
    before: Block,
    channels: int,
    *,
    expanded: int,
    kernel: int,
    stride: int,
    squeeze_excite: bool,
    activation: str,
) -> InvertedResidual:
    """The inverted residual that follows a block, with MobileNetV3's squeeze-excite width."""
    squeezed = squeeze_channels(expanded) if squeeze_excite else 0
    return InvertedResidual(
        before.out_channels,
        expanded,
        channels,
        kernel,
        stride,
        squeezed,
        activation,
        before.out_resolution,
    )


def _first_block(first: FirstBlockConfig, stem: ConvBlock) -> InvertedResidual:
    return inverted_residual(
        stem,
        first.channels,
        expanded=stem.out_channels * first.expansion,
        kernel=first.kernel,
        stride=first.stride,
        squeeze_excite=first.squeeze_excite,
        activation=first.activation,
    )


def _choices(stage: StageConfig, before: Block, stride: int, skippable: bool) -> tuple[Block, ...]:
    blocks: list[Block] = [
        inverted_residual(
            before,
            stage.channels,
            expanded=before.out_channels * expansion,
            kernel=kernel,
            stride=stride,
            squeeze_excite=squeezed,
            activation=stage.activation,
        )
        for kernel, expansion, squeezed in stage.options()
    ]
    if not skippable:
        return tuple(blocks)
    if stride == 1 and before.out_channels == stage.channels:
        return (Skip(stage.channels, before.out_resolution), *blocks)
    # A skip cannot change the shape: a 1×1 convolution stands in (NAS-Bench-Macro's identity).
    projection = ConvBlock(
        before.out_channels, stage.channels, 1, stride, "none", before.out_resolution
    )
    return (projection, *blocks)
