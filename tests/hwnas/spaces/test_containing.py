"""Where a network is in a space, and what a space lacks of it."""

import re
from dataclasses import replace

import pytest

from hwnas.core.errors import ConfigError
from hwnas.networks.blocks import InvertedResidual, Network
from hwnas.spaces import load_reference, load_space
from hwnas.spaces.around import space_around
from hwnas.spaces.containing import architecture_in, architecture_of, architectures_in


def blocks_of(name: str, *, resolution: int = 64, classes: int = 10) -> Network:
    return load_reference(name, resolution=resolution, classes=classes).network


def test_images_and_classes_of_any_number_do_not_matter() -> None:
    space = load_space("around_mobilenet_v3_small", resolution=64, classes=10)
    row = architecture_of(space, blocks_of("mobilenet_v3_small", resolution=224, classes=1000))
    assert space.network(row) == blocks_of("mobilenet_v3_small")


def test_a_network_is_in_a_family_once_a_resolution_at_its_own_width() -> None:
    family = load_space("around_mobilenet_v2", resolution=[32, 48], width=[0.5, 1], classes=10)
    rows = architectures_in(family, blocks_of("mobilenet_v2"))
    networks = [blocks_of("mobilenet_v2", resolution=resolution) for resolution in (32, 48)]
    assert family.networks(rows) == networks
    assert family.network(architecture_in(family, blocks_of("mobilenet_v2"))) == networks[1]


@pytest.mark.parametrize(
    ("space", "network", "message"),
    [
        (
            "around_mobilenet_v2",
            "mobilenet_v3_small",
            "does not contain the net: its block 1 is conv k3 s2 3→16 hswish @64, and the space "
            "has conv k3 s2 3→32 relu6 @64; set space: around_pretrained",
        ),
        (
            "mobilenet_v3_small",
            "mobilenet_v3_small",
            "its block 3 is ir k3 s2 16→24 e72 relu @16, and slot 1 there offers k3 e3, k3 e4, "
            "k3 e6, k5 e3, k5 e4, k5 e6 and 3 more, the nearest of which is ir k3 s2 16→24 e48 "
            "relu @16",
        ),
    ],
)
def test_the_first_block_that_a_space_lacks_is_named(
    space: str, network: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        architecture_of(load_space(space, resolution=64, classes=10), blocks_of(network), "the net")


def test_a_block_that_differs_behind_skips_is_compared_with_its_own_stage() -> None:
    network = blocks_of("mobilenet_v2")
    space = space_around(network, name="around", depth=(-2, 0))
    own = network[3]
    assert isinstance(own, InvertedResidual)
    other = (*network[:3], replace(own, expanded_channels=200), *network[4:])
    with pytest.raises(ConfigError, match=r"its block 4 is ir .* e200 .*, and slot 2 there offers"):
        architecture_of(space, other)


def test_a_block_too_many_and_one_too_few_are_said() -> None:
    network = blocks_of("mobilenet_v2")
    space = space_around(network, name="around", depth=(0, 0))
    with pytest.raises(ConfigError, match=r"its block 5 is .*, and there is no slot for it"):
        architecture_of(space, (*network[:4], network[3], *network[4:]))
    with pytest.raises(ConfigError, match="it ends where the space has ir k7 s1 160→320"):
        architecture_of(space, (*network[:-2], network[-1]))


def test_another_head_is_named() -> None:
    network = blocks_of("mobilenet_v2")
    space = space_around(network, name="around")
    other = (*network[:-1], replace(network[-1], feature_channels=640))  # type: ignore[type-var]
    with pytest.raises(ConfigError, match=r"it ends with head 320→10 f640 .*, and the space with"):
        architecture_of(space, other)
