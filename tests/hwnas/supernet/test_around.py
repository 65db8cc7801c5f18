"""A supernet that begins as a trained network, and computes what it computes."""

from copy import deepcopy

import pytest
import torch

from hwnas.networks.blocks import Network
from hwnas.networks.conventions import Conventions
from hwnas.networks.modules import NetworkModule
from hwnas.spaces import Space, SpaceFamily, load_reference, load_space
from hwnas.spaces.around import space_around
from hwnas.spaces.extremes import largest
from hwnas.spaces.scaled import scaled_space
from hwnas.supernet.around import load_network
from hwnas.supernet.importance import channel_importance, sort_channels
from hwnas.supernet.supernet import Supernet
from hwnas.training.checkpoint import weights_digest
from tests.hwnas.supernet.helpers import randomise

CONVENTIONS = Conventions(epsilon=1e-3)
SOURCES = [
    ("mobilenet_v2", 0.35),
    ("torchvision/mobilenet_v3_small", 0.5),
    ("timm/mobilenet_v3_small", 0.5),
    ("mobilenet_v3_large", 0.25),
    ("lite/efficientnet_lite0", 0.25),
    ("mobilenet_v4_conv_small", 0.35),
]


def blocks_of(name: str, width: float, classes: int = 10, resolution: int = 32) -> Network:
    return load_reference(name, resolution=resolution, classes=classes, width=width).network


def trained(blocks: Network) -> NetworkModule:
    """A network whose statistics and shifts are not those of random weights."""
    network = NetworkModule(blocks, 1, CONVENTIONS)
    randomise(network)
    return network.eval()


def supernet_of(network: NetworkModule, space: Space | None = None) -> Supernet:
    space = space or space_around(network.blocks, name="around")
    supernet = Supernet(space, 2, conventions=CONVENTIONS)
    randomise(supernet, 5)  # what the start leaves as it is must not matter
    load_network(supernet, network)
    return supernet.eval()


def pictures(resolution: int = 32) -> torch.Tensor:
    return torch.randn(2, 3, resolution, resolution, generator=torch.Generator().manual_seed(3))


def difference(found: torch.Tensor, wanted: torch.Tensor) -> float:
    return float(((found - wanted).abs().max() / wanted.abs().max()).detach())


@pytest.mark.parametrize(("name", "width"), SOURCES)
def test_its_own_path_computes_what_the_network_computes(name: str, width: float) -> None:
    network = trained(blocks_of(name, width))
    supernet = supernet_of(network)
    row = supernet.space.architecture(network.blocks)
    assert difference(supernet(pictures(), row), network(pictures())) < 1e-5


@pytest.mark.parametrize(("name", "width"), SOURCES)
def test_the_largest_path_computes_what_the_network_computes(name: str, width: float) -> None:
    network = trained(blocks_of(name, width))
    supernet = supernet_of(network)
    logits = supernet(pictures(), largest(supernet.space))
    assert difference(logits, network(pictures())) < 1e-5


def test_a_space_that_is_not_around_it_may_contain_it_too() -> None:
    network = trained(blocks_of("mobilenet_v2", 1.0))
    supernet = supernet_of(network, load_space("mobilenet_v2", resolution=32, classes=10))
    row = supernet.space.architecture(network.blocks)
    logits = network(pictures())
    assert difference(supernet(pictures(), row), logits) < 1e-5
    assert difference(supernet(pictures(), largest(supernet.space)), logits) < 1e-5


def test_one_step_gives_gradients_to_all_that_is_new() -> None:
    network = trained(blocks_of("timm/mobilenet_v3_small", 0.5))
    supernet = supernet_of(network).train()
    supernet(pictures(), largest(supernet.space)).square().sum().backward()
    row = supernet.space.architecture(network.blocks)
    for index, (slot, choice) in enumerate(zip(supernet.space.members[0].slots, row, strict=True)):
        shared = supernet.get_submodule(f"slot{index}.shared")
        project = shared.get_parameter("project.weight").grad
        scale = shared.get_parameter("project.norm.weight").grad
        assert project is not None
        assert scale is not None
        assert scale.abs().min() > 0
        if not (slot.can_skip and choice == 0):
            own = slot.choices[choice].expanded_channels
            assert project.shape[1] > own
            assert (project[:, own:].abs().sum((0, 2, 3)) > 0).all()


def test_narrower_blocks_keep_the_channels_that_matter_most() -> None:
    network = trained(blocks_of("timm/mobilenet_v3_small", 0.5))
    sorted_network = deepcopy(network)
    sort_channels(sorted_network)
    supernet = supernet_of(network)
    row = supernet.space.architecture(network.blocks)
    wide, block = supernet.path(row)[5]
    own = dict(sorted_network.path[5][0].state_dict())
    for name, tensor in wide.cut(block).items():
        assert torch.equal(tensor, own[name]), name


def test_channels_in_another_order_compute_the_same() -> None:
    network = trained(blocks_of("timm/mobilenet_v3_small", 0.5))
    before = network(pictures())
    sort_channels(network)
    assert difference(network(pictures()), before) < 1e-5


def test_the_network_stays_as_it_is() -> None:
    network = trained(blocks_of("mobilenet_v2", 0.35))
    before = weights_digest(network.state_dict())
    supernet = supernet_of(network)
    assert weights_digest(network.state_dict()) == before == supernet.start


def test_a_classifier_for_other_classes_is_left_out_and_said() -> None:
    network = trained(blocks_of("mobilenet_v2", 0.35, classes=6))
    space = space_around(blocks_of("mobilenet_v2", 0.35), name="around")
    supernet = Supernet(space, 2, conventions=CONVENTIONS)
    before = supernet.get_parameter("suffix0.classifier.weight").clone()
    assert not load_network(supernet, network)
    assert torch.equal(supernet.get_parameter("suffix0.classifier.weight"), before)
    features = network.get_parameter("block18.features.weight")
    assert torch.equal(supernet.get_parameter("suffix0.features.weight"), features)


def test_weights_of_another_resolution_are_taken() -> None:
    network = trained(blocks_of("mobilenet_v2", 0.35, resolution=64))
    space = space_around(blocks_of("mobilenet_v2", 0.35), name="around")
    supernet = supernet_of(network, space)
    own = NetworkModule(blocks_of("mobilenet_v2", 0.35), None, CONVENTIONS).eval()
    own.load_state_dict(network.state_dict())
    row = space.architecture(own.blocks)
    assert difference(supernet(pictures(), row), own(pictures())) < 1e-5


def test_other_conventions_are_refused() -> None:
    network = trained(blocks_of("mobilenet_v2", 0.35))
    with pytest.raises(ValueError, match="must follow the conventions of mine"):
        load_network(Supernet(space_around(network.blocks, name="around")), network, "mine")


def test_channels_that_are_projected_little_or_never_change_come_last() -> None:
    network = trained(blocks_of("mobilenet_v2", 0.35))
    module, _ = network.path[4]
    with torch.no_grad():
        module.layer("project").weight[:, 0] *= 1e-3
        norm = module.layer("depthwise").norm
        assert norm is not None
        norm.bias[1] = -50.0  # what the activation makes zero, whatever comes in
        order = channel_importance(module).argsort(descending=True).tolist()
    assert order[-2:] == [0, 1]


def test_a_family_begins_as_the_network_at_every_resolution_and_from_its_width_on() -> None:
    name, published = "around", ("timm/mobilenet_v3_small", 0.5)
    network = trained(blocks_of(*published))
    members = tuple(
        scaled_space(space_around(blocks_of(*published, resolution=each), name=name), width)
        for each in (32, 48)
        for width in (0.75, 1.0, 1.5)
    )
    family = SpaceFamily("around at 32, 48 px of widths 0.75, 1, 1.5", members)
    supernet = supernet_of(network, family)
    own = family.members[1].architecture(network.blocks)
    for number, member in enumerate(family.members):
        x = pictures(member.resolution)
        for row in (own, largest(member)):
            found = supernet(x, family.rows_of(number, row)[0])
            assert (difference(found, network(x)) <= 1e-5) == (member.width >= 1)
