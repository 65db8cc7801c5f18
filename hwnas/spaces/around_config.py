"""A space file of the second form: the space around a network, by its name."""

from itertools import chain
from typing import Annotated, Protocol

from pydantic import Field, field_validator

from hwnas.core.configs import StrictModel
from hwnas.core.digests import digest
from hwnas.core.errors import ConfigError
from hwnas.networks.blocks import Network, block_key
from hwnas.networks.options import Kernel
from hwnas.spaces.around import DEPTH, EXPANSIONS, KERNELS, space_around
from hwnas.spaces.limits import (
    MOST_CLASSES,
    MOST_RESOLUTION,
    check_counts,
    check_input,
    check_sizes,
)
from hwnas.spaces.references import REFERENCES, load_reference, reference_names
from hwnas.spaces.scaled import scaled_space
from hwnas.spaces.space import SearchSpace

PRETRAINED = "pretrained"
"""What `around` names the run's own pretrained network by."""

Factor = Annotated[float, Field(gt=0, le=10)]


class PretrainedNetwork(Protocol):
    """What a space needs to know of a pretrained network."""

    @property
    def network_name(self) -> str:
        """As in "timm/mobilenet_v3_small"."""

    @property
    def classes(self) -> int:
        """Number of logits."""

    @property
    def blocks(self) -> Network:
        """Its blocks as it was trained."""

    def network(self, resolution: int, classes: int | None = None) -> Network:
        """The same for images of that height and width."""


class AroundConfig(StrictModel):
    """A file `configs/spaces/<name>.yaml` of the blocks of a network and their like.

    `around` is a published network, or `pretrained`: the one that a run starts from. `expansions`
    are factors of each block's own, `depth` how many blocks fewer and more each stage may have.
    """

    name: str
    around: str
    resolution: Annotated[int, Field(ge=1, le=MOST_RESOLUTION)] = 224
    classes: Annotated[int, Field(ge=2, le=MOST_CLASSES)] | None = None
    kernels: Annotated[tuple[Kernel, ...], Field(max_length=6)] = KERNELS
    expansions: Annotated[tuple[Factor, ...], Field(max_length=20)] = EXPANSIONS
    depth: tuple[Annotated[int, Field(ge=-100, le=0)], Annotated[int, Field(ge=0, le=20)]] = DEPTH

    @field_validator("around")
    @classmethod
    def _known(cls, value: str) -> str:
        if value != PRETRAINED:
            try:
                load_reference(value, resolution=224, classes=1000)
            except ConfigError as error:
                raise ValueError(f"{error}, or write {PRETRAINED}") from error
        return value


def build_around(
    config: AroundConfig,
    resolution: int | None,
    classes: int | None,
    width: float,
    pretrained: PretrainedNetwork | None,
) -> SearchSpace:
    """The search space of a config, see `load_space`.

    Raises:
        ConfigError: there is no such network, or none that is pretrained.
        ValueError: the network has no blocks to search around, or they are beyond the limits.
    """
    resolution = config.resolution if resolution is None else resolution
    if classes is None:
        classes = config.classes
    if config.around != PRETRAINED:
        reference, name = config.around, config.name
        classes = 1000 if classes is None else classes
        check_input(resolution, classes)
        network = load_reference(reference, resolution=resolution, classes=classes).network
    elif pretrained is not None:
        reference, name = None, f"{config.name} {_name_of(pretrained)}"
        check_input(resolution, pretrained.classes if classes is None else classes)
        network = pretrained.network(resolution, classes)
    else:
        raise ConfigError(
            f"{config.name} is the space around a pretrained network, which a run names "
            "(pretrained: in its config, or --pretrained); name one, or take the space around a "
            "published network, such as around_mobilenet_v2"
        )
    space = space_around(
        network,
        name=name,
        kernels=config.kernels,
        expansions=config.expansions,
        depth=config.depth,
        reference=reference,
    )
    if width != 1:
        space = scaled_space(space, width)
    check_counts((1, len(slot.choices)) for slot in space.slots)
    check_sizes(space)
    return space


def _name_of(pretrained: PretrainedNetwork) -> str:
    """Its name, and where that is not the published network of this name, digits of its blocks.

    Latency models are known by the names of spaces, and any two exports are called `winner`.
    """
    name, blocks = pretrained.network_name, pretrained.blocks
    if name in chain.from_iterable(map(reference_names, REFERENCES)):
        size, classes = blocks[0].resolution, blocks[-1].out_channels
        if load_reference(name, resolution=size, classes=classes).network == blocks:
            return name
    keys = "\n".join(map(block_key, blocks))
    return f"{name} {digest(keys, 7)}"
