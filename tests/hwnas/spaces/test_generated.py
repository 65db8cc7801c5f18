"""Spaces that are drawn: like the networks that they were learnt from, and fit to be searched."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from hwnas.core.configs import parse_config
from hwnas.core.errors import ConfigError
from hwnas.core.yaml_text import parse_yaml
from hwnas.data import Split
from hwnas.export.verification import check_numbers
from hwnas.networks.folding import folded_weights
from hwnas.networks.graph import build_graph
from hwnas.networks.modules import NetworkModule
from hwnas.spaces import reference_network
from hwnas.spaces.config import SpaceConfig
from hwnas.spaces.extremes import smallest
from hwnas.spaces.generated import USUAL, generate_spaces
from hwnas.spaces.generated.chain import Chain, drawn
from hwnas.spaces.generated.drawing import LEAST_MAP, fitting
from hwnas.spaces.generated.generating import draw_content, space_of
from hwnas.spaces.generated.learning import Role, Step, learn


def test_a_chain_follows_what_it_has_seen_as_often_as_it_was_seen() -> None:
    chain = Chain[str]()
    chain.learn("aab")
    chain.learn("ab")
    generator = np.random.default_rng(0)
    found = Counter(chain.draw("a", generator) for _ in range(600))
    assert found.keys() == {"a", "b"}
    assert found["b"] / found["a"] == pytest.approx(2, rel=0.2)
    assert chain.draw("b", generator) is None
    assert chain.draw("a", generator, lambda state: state == "c") is None


def test_one_of_nothing_is_nothing() -> None:
    assert drawn(Counter[str](), np.random.default_rng(0)) is None


def test_a_network_is_read_block_by_block() -> None:
    learnt = learn(["mobilenet_v3_small"])
    assert learnt.stems == {(16, 3): 1}
    assert learnt.firsts == {(3, True): 1}
    assert learnt.heads == {(576, 1024, False): 1}
    generator = np.random.default_rng(0)
    behind = learnt.steps.draw(Step(2, 0, Role.FIRST), generator)
    assert behind == Step(3, 1, Role.SHRINK)
    assert learnt.growth[Step(3, 1, Role.SHRINK)] == {24 / 16: 1}
    assert learnt.growth[Step(4, 2, Role.WIDEN)] == {48 / 40: 1}
    assert learnt.squeezes[Step(3, 1, Role.SHRINK)] == {False: 1}


def test_what_is_drawn_from_one_network_has_its_activations_and_strides() -> None:
    (found,) = generate_spaces(["mobilenet_v2"], resolution=224)
    activations = {stage["activation"] for stage in found.content["stages"]}
    assert activations == {"relu6"}
    assert found.space.suffix[0].resolution == 7
    assert found.space.reference == "mobilenet_v2"
    network = reference_network("mobilenet_v2", resolution=224, classes=1000)
    assert found.space.prefix[:2] == network[:2]


@pytest.mark.parametrize("resolution", [8, 32, 96, 224])
def test_the_last_map_keeps_some_pixels_whatever_the_images(resolution: int) -> None:
    learnt = learn(USUAL)
    for seed in range(20):
        generator = np.random.default_rng(seed)
        content = draw_content(learnt, generator, name="drawn", resolution=resolution, classes=10)
        space = space_of(content)
        assert space.suffix[0].resolution >= LEAST_MAP
        assert space.resolution == resolution
        assert space.classes == 10


@pytest.mark.parametrize(
    ("strides", "resolution", "expected"),
    [
        ([2, 1, 2, 2], 24, [2, 1, 2, 2]),
        ([2, 1, 2, 2], 20, [2, 1, 2, 2]),
        ([2, 1, 2, 2], 16, [1, 1, 2, 2]),
        ([2, 1, 2, 2], 8, [1, 1, 1, 2]),
        ([2, 2], 3, [1, 1]),
        ([2, 2], 1, [1, 1]),
    ],
)
def test_small_images_lose_the_first_strides(
    strides: list[int], resolution: int, expected: list[int]
) -> None:
    assert fitting(strides, resolution) == expected


def test_stages_that_follow_each_other_differ_in_shape() -> None:
    learnt = learn(USUAL)
    for seed in range(20):
        generator = np.random.default_rng(seed)
        content = draw_content(learnt, generator, name="drawn", resolution=32, classes=10)
        for before, after in pairwise(content["stages"]):
            assert after["stride"] > 1 or after["channels"] != before["channels"]


def test_a_seed_gives_the_same_spaces_and_more_of_them_begin_with_the_same() -> None:
    two = generate_spaces(count=2, seed=3, name="mine", resolution=64)
    four = generate_spaces(count=4, seed=3, name="mine", resolution=64)
    assert [one.text for one in four[:2]] == [one.text for one in two]
    assert len({one.space.identity for one in four}) == 4
    (other,) = generate_spaces(seed=4, name="mine", resolution=64)
    assert other.content["stages"] != two[0].content["stages"]


def test_the_file_says_how_it_was_made_and_is_read_as_what_was_drawn() -> None:
    (found,) = generate_spaces(["mobilenet_v2", "efficientnet_lite0"], resolution=64, seed=1)
    assert "the seed 1 as number 1" in found.text
    assert "mobilenet_v2, efficientnet_lite0" in found.text
    content = parse_yaml(found.text, "the file")
    assert content == found.content
    assert parse_config(content, SpaceConfig, "the file").name == "generated"


def test_networks_of_what_was_drawn_run_in_both_runtimes_alike() -> None:
    images = np.random.default_rng(0).integers(0, 256, (1, 3, 32, 32), dtype=np.uint8)
    for one in generate_spaces(count=2, resolution=32, classes=10):
        network = one.space.network(smallest(one.space))
        module = NetworkModule(network, seed=0).eval()
        model = build_graph(network, batch=1, weights=folded_weights(module))
        split = Split(images, np.zeros(1, dtype=np.int64))
        found = check_numbers(model.SerializeToString(), module, split, batch=1)
        assert found.images == 1


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], "no network is named"),
        (["mobilenet_v9"], "there is no reference 'mobilenet_v9'"),
        (["mobilenet_v4_conv_small"], "has other blocks than a stem, inverted residuals"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(names: list[str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        generate_spaces(names)


def test_what_can_never_be_built_ends_in_a_sentence() -> None:
    with pytest.raises(ConfigError, match=r"none of 50 spaces that were drawn can be built: .*"):
        generate_spaces(resolution=5000)
