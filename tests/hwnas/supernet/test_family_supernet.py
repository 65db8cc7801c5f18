"""One supernet for networks of several resolutions and widths."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
import torch

from hwnas.core.errors import ConfigError
from hwnas.data.preprocessing import to_input
from hwnas.networks.block import Block
from hwnas.networks.blocks import ConvBlock
from hwnas.networks.layers import Layer
from hwnas.networks.modules import NetworkModule
from hwnas.spaces import SearchSpace, Slot, SpaceFamily
from hwnas.spaces.extremes import largest
from hwnas.supernet.supernet import Supernet
from tests.hwnas.supernet.families import (
    odd_family,
    odd_space,
    rows_of_every_member,
    tiny_family,
)
from tests.hwnas.supernet.helpers import images, randomise, state_bytes


def sliced_by_hand(supernet, row):
    """The network of an architecture with its part of each tensor of the supernet."""
    member, own = supernet.space.of_member(row)
    network = NetworkModule(member.network(own))
    places = [f"prefix{index}" for index in range(len(member.prefix))]
    for index, (slot, choice) in enumerate(zip(member.slots, own, strict=True)):
        kind = slot.choices[choice].kind
        if kind != "skip":
            name = "shared" if kind == "inverted_residual" else f"choice{choice}"
            places.append(f"slot{index}.{name}")
    places += [f"suffix{index}" for index in range(len(member.suffix))]
    wide = supernet.state_dict()
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            block, _, rest = name.partition(".")
            source = wide[f"{places[int(block.removeprefix('block'))]}.{rest}"]
            if tensor.ndim == 4:
                (out, inside, size, _), margin = tensor.shape, source.shape[-1] - tensor.shape[-1]
                middle = slice(margin // 2, margin // 2 + size)
                source = source[:out, :inside, middle, middle]
            tensor.copy_(source[: len(tensor)])
    return network


@pytest.mark.parametrize("training", [False, True])
def test_every_member_computes_what_its_slices_compute(tmp_path, training):
    for family in (tiny_family(tmp_path), odd_family()):
        supernet = Supernet(family)
        randomise(supernet)
        for row in rows_of_every_member(family):
            x = to_input(images(3, family.member(row).resolution).images)
            by_hand = sliced_by_hand(supernet, row)
            extracted = supernet.extract(row)
            assert state_bytes(extracted) == state_bytes(by_hand)
            with torch.no_grad():
                expected = by_hand.train(training)(x)
                assert torch.equal(extracted.train(training)(x), expected)
                assert torch.equal(supernet.train(training)(x, row), expected)


def test_resolutions_share_everything(tmp_path):
    family = tiny_family(tmp_path, widths=(1.0,))
    assert state_bytes(Supernet(family)) == state_bytes(Supernet(family.members[0]))
    rows = family.sample(np.random.default_rng(0), 3, resolution=8)
    for row in rows:
        other = family.rows_of(1, row[1:])[0]
        supernet = Supernet(family)
        assert state_bytes(supernet.extract(row)) == state_bytes(supernet.extract(other))


def test_the_widest_member_has_the_weights_of_its_own_supernet(tmp_path):
    family = tiny_family(tmp_path)
    wide = next(member for member in family.members if member.width == 1)
    assert state_bytes(Supernet(family, 5)) == state_bytes(Supernet(wide, 5))


def test_a_narrow_step_trains_the_first_channels_alone(tmp_path):
    family = tiny_family(tmp_path, resolutions=(8,))
    supernet = Supernet(family).train()
    narrow = largest(family.members[0])
    row = family.rows_of(0, narrow)[0]
    supernet(to_input(images(4, 8).images), row).square().sum().backward()
    gradient = supernet.get_submodule("prefix0.conv").weight.grad
    assert gradient[:8].count_nonzero() > 0
    assert gradient[8:].count_nonzero() == 0


def test_supernets_of_other_resolutions_or_widths_have_other_identities(tmp_path):
    families = [
        tiny_family(tmp_path, resolutions=resolutions, widths=widths)
        for resolutions in ((8, 12), (8, 10))
        for widths in ((0.5, 1.0), (0.5, 2.0))
    ]
    assert len({Supernet(family).identity for family in families}) == 4


@dataclass(frozen=True, slots=True)
class _InGroups(Block):
    """A convolution in two groups, whose first channels are the first group's alone."""

    kind: ClassVar[str] = "test_in_groups"
    abbreviation: ClassVar[str] = "groups"
    in_channels: int
    out_channels: int
    resolution: int

    def layers(self):
        shape = (self.in_channels, self.out_channels, 3, 1, 2, True, "relu", self.resolution)
        return (Layer("conv", *shape),)

    def compute(self, ops, x):
        return ops.layer("conv", x)


def in_groups(width: float) -> SearchSpace:
    channels = int(16 * width)
    space = odd_space(1.0)
    stem = replace(space.prefix[0], out_channels=channels)
    block = _InGroups(channels, channels, 8)
    head = replace(space.suffix[0], in_channels=channels)
    return SearchSpace("grouped", (stem,), (Slot(0, (block,)),), (head,), width=width)


def test_a_block_whose_first_channels_are_no_narrower_block_is_refused():
    family = SpaceFamily("grouped", (in_groups(0.5), in_groups(1.0)))
    sentence = (
        r"the blocks groups 8→8 @8 and groups 16→16 @8 cannot share weights, since their layer "
        "'conv' has groups of 4 and 8 channels; name one width"
    )
    with pytest.raises(ConfigError, match=sentence):
        Supernet(family)


def test_members_of_other_fixed_blocks_are_refused():
    one = odd_space(1.0)
    extra = ConvBlock(16, 16, 1, 1, "relu", 8)
    other = replace(one, prefix=(*one.prefix, extra), name="longer")
    with pytest.raises(ConfigError, match="different numbers of blocks before the first slot"):
        Supernet(SpaceFamily("two", (one, other)))


def test_a_choice_that_expands_less_than_its_input_has_its_expansion():
    space = odd_space(1.0)
    block = space.slots[0].choices[1]
    narrow = replace(space, slots=(Slot(0, (block, replace(block, expanded_channels=8))),))
    row = np.array([1])
    supernet = Supernet(narrow).eval()
    x = to_input(images(2, 8).images)
    with torch.no_grad():
        assert torch.equal(supernet(x, row), supernet.extract(row).eval()(x))
