from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwnas.core.errors import ConfigError
from hwnas.networks.blocks import Head, InvertedResidual, Skip, check_network
from hwnas.objectives.costs import block_parameters
from hwnas.spaces import load_space, reference_network

NAMES = ["mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large", "nas_bench_macro"]


@pytest.mark.parametrize(
    ("name", "size", "blocks"),
    [
        ("mobilenet_v2", 9 * (9**2 + 9**3 + 9**4) ** 5, 102),
        ("mobilenet_v3_small", (9 + 81 + 729) ** 2 * (81 + 729 + 6561) ** 2, 75),
        ("mobilenet_v3_large", (9**2 + 9**3 + 9**4) ** 5, 93),
        ("nas_bench_macro", 3969, 17),
        ("once_for_all_mobilenet_v3", (9**2 + 9**3 + 9**4) ** 5, 93),
    ],
)
def test_a_space_has_its_size_and_its_distinct_blocks(name: str, size: int, blocks: int) -> None:
    space = load_space(name)
    assert space.size == size
    assert len(space.blocks()) == blocks


def test_size_counts_distinct_networks() -> None:
    space = load_space("nas_bench_macro")
    everything = np.array(list(product(*(range(count) for count in space.choice_counts))))
    canonical = np.unique(space.canonical(everything), axis=0)
    assert len(canonical) == space.size
    assert len(set(space.networks(everything))) == space.size


@pytest.mark.parametrize("name", NAMES)
def test_architectures_and_networks_are_each_others_inverse(name: str) -> None:
    space = load_space(name, resolution=64)
    sample = space.sample(np.random.default_rng(0), 50)
    assert (space.canonical(sample) == sample).all()
    for row, network in zip(sample, space.networks(sample), strict=True):
        check_network(network)
        assert (space.architecture(network) == row).all()


@settings(max_examples=50)
@given(st.sampled_from(NAMES), st.integers(0, 2**32 - 1))
def test_the_canonical_form_keeps_the_network_and_its_transitions(name: str, seed: int) -> None:
    space = load_space(name, resolution=32)
    row = np.random.default_rng(seed).integers(0, space.choice_counts)
    canonical = space.canonical(row)[0]
    assert (space.canonical(canonical)[0] == canonical).all()
    assert space.network(row) == space.network(canonical)
    before = 0
    for slot, choice in enumerate(canonical):
        assert space.allowed(slot)[before, choice]
        before = choice


def test_published_networks_inside_their_space_are_found() -> None:
    space = load_space("mobilenet_v2")
    reference = reference_network("mobilenet_v2", resolution=224, classes=1000)
    assert space.network(space.architecture(reference)) == reference
    other = reference_network("mobilenet_v3_large", resolution=224, classes=1000)
    with pytest.raises(ValueError, match="not in mobilenet_v2"):
        space.architecture(other)


@pytest.mark.parametrize("name", NAMES)
def test_a_space_takes_any_resolution_and_class_count(name: str) -> None:
    space = load_space(name, resolution=37, classes=5)
    assert (space.resolution, space.classes) == (37, 5)
    check_network(space.network(np.zeros(len(space.slots), dtype=np.int64)))


@pytest.mark.parametrize("wrong", [[0], [99] * 20, [-1] * 20])
def test_a_vector_of_another_space_is_refused(wrong: list[int]) -> None:
    with pytest.raises(ValueError, match="mobilenet_v3_large"):
        load_space("mobilenet_v3_large").network(np.array(wrong))


TWIN = """  - {channels: 16, depth: [1, 2], kernels: [3], expansions: [2], activation: relu}
head:"""
SPACE = """
name: mine
resolution: 32
classes: 10
stem: {channels: 8, activation: relu}
stages:
  - {channels: 16, stride: 2, depth: [1, 2], kernels: [3], expansions: [2], activation: relu}
head: {features: 32, activation: relu}
"""


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("kernels: [3]", "kernels: [3, 3]", "the same block is there twice"),
        ("head:", TWIN, "stages 0 and 1 have the same blocks; make them one stage"),
        ("kernels: [3], ", "", "give either kernels and expansions, or a list of blocks"),
        ("depth: [1, 2]", "depth: [3, 2]", "depth goes from few to many"),
        ("kernels: [3]", "kernels: [4]", "stages.0.kernels.0"),
        ("stride: 2", "strid: 2", "did you mean 'stages.0.stride'?"),
        ("activation: relu}", "activation: gelu}", "stem.activation"),
        ("32, a", "32, hidden_bias: false, a", "head: hidden_bias is of the hidden layer"),
        ("32, a", "32, hidden_norm: true, a", "head: hidden_norm is of the hidden layer"),
        ("32, a", "32, hidden: 8, hidden_norm: true, hidden_bias: false, a", "leave out hidden_bi"),
        ("classes: 10", "classes: 1", "classes"),
    ],
)
def test_a_wrong_space_is_one_sentence(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SPACE)
    assert load_space(str(path)).size == 2
    path.write_text(SPACE.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_space(str(path))
    assert str(path) in str(caught.value)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("width", "channels", "head"),
    [  # of once-for-all's own code
        (1.2, [24, 24, 32, 48, 96, 136, 192], (1152, 1536)),
        (0.25, [8, 8, 8, 16, 24, 32, 40], (240, 320)),
    ],
)
def test_a_width_multiplies_channels_as_once_for_all_does(
    width: float, channels: list[int], head: tuple[int, int]
) -> None:
    space = load_space("once_for_all_mobilenet_v3", width=width)
    stages = [space.slots[index].choices[-1].out_channels for index in range(0, 20, 4)]
    assert [*(block.out_channels for block in space.prefix), *stages] == channels
    last = space.suffix[0]
    assert isinstance(last, Head)
    assert (last.feature_channels, last.hidden_channels, last.hidden_bias) == (*head, False)
    for block in space.slots[7].choices:
        if isinstance(block, InvertedResidual):
            assert block.expanded_channels in {block.in_channels * times for times in (3, 4, 6)}
    assert space.name == f"once_for_all_mobilenet_v3 w{width:g}"


def test_a_width_of_one_is_the_space_itself() -> None:
    for name in NAMES:
        assert load_space(name, width=1.0) == load_space(name)


def test_a_width_at_which_stages_fall_together_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SPACE.replace("head:", TWIN.replace("16", "24"), 1))
    load_space(str(path))
    with pytest.raises(ConfigError, match=r"mine.yaml at the width 0.25: stages 0 and 1 have"):
        load_space(str(path), width=0.25)


# Of torchvision 0.29's models, built with their width_mult.
@pytest.mark.parametrize(
    ("name", "width", "parameters"),
    [
        ("mobilenet_v2", 0.35, 1_677_128),
        ("mobilenet_v2", 1.4, 6_108_776),
        ("mobilenet_v3_large", 0.25, 617_000),
        ("mobilenet_v3_large", 1.2, 7_564_264),
        ("mobilenet_v3_small", 0.35, 558_744),
    ],
)
def test_references_have_the_published_sizes_at_other_widths(
    name: str, width: float, parameters: int
) -> None:
    network = reference_network(name, resolution=224, classes=1000, width=width)
    check_network(network)
    assert sum(map(block_parameters, network)) == parameters


def test_squeeze_excite_can_be_a_choice_of_each_block(tmp_path):
    text = """
name: either
resolution: 16
classes: 3
stem: {channels: 8, kernel: 3, stride: 2, activation: relu}
stages:
  - {channels: 8, depth: [0, 1], kernels: [3, 5], expansions: [2], activation: relu,
     squeeze_excite: [false, true]}
head: {features: 16, activation: relu}
"""
    path = tmp_path / "either.yaml"
    path.write_text(text)
    skip, *blocks = load_space(str(path)).slots[0].choices
    assert isinstance(skip, Skip)
    shapes = [(block.kernel, block.squeeze_channels) for block in blocks]
    assert shapes == [(3, 0), (5, 0), (3, 8), (5, 8)]
    path.write_text(text.replace("[false, true]", "[true, true]"))
    with pytest.raises(ConfigError, match="the same block is there twice"):
        load_space(str(path))


def test_a_space_shows_its_size_and_not_its_blocks() -> None:
    assert repr(load_space("nas_bench_macro")) == (
        "SearchSpace(nas_bench_macro at 32 px, 10 classes: 8 slots, 3,969 networks)"
    )
