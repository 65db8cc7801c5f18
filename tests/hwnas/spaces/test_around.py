"""The space around a network, in Python and as a space file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hwnas
from hwnas.core.configs import shipped_names
from hwnas.core.errors import ConfigError
from hwnas.networks.blocks import InvertedResidual, Network
from hwnas.spaces import SearchSpace, load_reference, load_space
from hwnas.spaces.around import space_around
from hwnas.spaces.around_config import AroundConfig
from hwnas.spaces.config import read_space
from hwnas.spaces.references import REFERENCES, reference_names

SHIPPED = [name for name in shipped_names("spaces") if name.startswith("around_")]
NAMED = [name for name in SHIPPED if name != "around_pretrained"]


class Pretrained:
    """A network that a run starts from."""

    network_name = "timm/mobilenet_v3_small"
    classes = 7

    def __init__(self, width: float = 1.0) -> None:
        self.width = width

    @property
    def blocks(self) -> Network:
        return self.network(224)

    def network(self, resolution: int, classes: int | None = None) -> Network:
        return load_reference(
            self.network_name,
            resolution=resolution,
            classes=classes or self.classes,
            width=self.width,
        ).network


def around(name: str, width: float = 1.0, **options: object) -> tuple[SearchSpace, Network]:
    network = load_reference(name, resolution=64, classes=10, width=width).network
    return space_around(network, name="around", **options), network  # type: ignore[arg-type]


def inside(space: SearchSpace, slot: int) -> list[int]:
    return sorted(
        {b.expanded_channels for b in space.slots[slot].choices if isinstance(b, InvertedResidual)}
    )


def write(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(f"name: mine\n{text}\n")
    return str(path)


@pytest.mark.parametrize("name", NAMED)
def test_a_network_is_in_the_shipped_space_around_it(name: str) -> None:
    space = load_space(name, resolution=64, classes=10)
    config = read_space(name)
    assert isinstance(config, AroundConfig)
    assert space.reference == config.around
    reference = load_reference(config.around, resolution=64, classes=10)
    assert space.network(space.architecture(reference.network)) == reference.network


@pytest.mark.parametrize("name", [name for short in REFERENCES for name in reference_names(short)])
@pytest.mark.parametrize("width", [0.25, 0.35, 0.5, 0.75, 1.0, 1.4])
def test_a_network_of_any_width_is_in_the_space_around_it(name: str, width: float) -> None:
    space, network = around(name, width)
    assert space.network(space.architecture(network)) == network


def test_different_architectures_are_different_networks() -> None:
    space, _ = around("timm/mobilenet_v3_small", 0.25, kernels=(3,), expansions=(0.5,))
    rows = np.unique(space.sample(np.random.default_rng(0), 200), axis=0)
    networks = space.networks(rows)
    assert len(set(networks)) == len(rows)
    assert (space.architectures(networks) == rows).all()


def test_the_size_counts_each_network_once() -> None:
    network = load_reference("mobilenet_v2", resolution=32, classes=4, width=0.35).network
    last = network[4]
    head = replace(network[-1], in_channels=last.out_channels, resolution=last.out_resolution)  # type: ignore[type-var]
    space = space_around((*network[:5], head), name="around", kernels=(3,), expansions=(0.5,))
    counts = tuple(space.choice_counts)
    every = np.stack(np.unravel_index(np.arange(np.prod(counts)), counts), axis=1)
    assert len(every) > len(set(space.networks(every))) == space.size


def test_stages_have_a_block_less_and_a_block_more() -> None:
    space, network = around("mobilenet_v3_large")
    own = [2, 3, 4, 2, 3]
    slots = [[slot for slot in space.slots if slot.stage == stage] for stage in range(5)]
    assert [len(stage) for stage in slots] == [blocks + 1 for blocks in own]
    assert [sum(slot.can_skip for slot in stage) for stage in slots] == [2] * 5
    assert space.prefix == network[:2]
    assert space.suffix == network[-1:]


def test_a_stage_of_one_block_keeps_it_and_may_have_another() -> None:
    space, network = around("mobilenet_v2", depth=(-3, 1))
    first, more = [slot for slot in space.slots if slot.stage == 5]
    assert not first.can_skip
    assert more.can_skip
    assert network[-2] in first.choices
    assert all(b.residual for b in more.choices if isinstance(b, InvertedResidual))


def test_slots_that_may_be_skipped_have_the_choices_of_all_their_blocks() -> None:
    space, network = around("mobilenet_v3_large", depth=(-3, 0), expansions=())
    stage = [slot for slot in space.slots if slot.stage == 2]
    assert [slot.can_skip for slot in stage] == [False, True, True, True]
    assert inside(space, 6) == [184, 200]
    assert space.network(space.architecture(network)) == network


def test_expansions_are_factors_of_each_blocks_own() -> None:
    space, _ = around("mobilenet_v3_small")
    assert inside(space, 0) == [40, 56, 72, 88]  # 16 of 72 are as many as come in: none expanded
    assert inside(space, 5) == [64, 120, 184, 240, 304]


def test_squeeze_excite_follows_the_expansion() -> None:
    space, network = around("mobilenet_v3_small")
    own = network[5]
    assert isinstance(own, InvertedResidual)
    squeezes = {
        b.expanded_channels: b.squeeze_channels
        for b in space.slots[4].choices
        if isinstance(b, InvertedResidual)
    }
    assert squeezes == {64: 16, 120: 32, 184: 48, 240: own.squeeze_channels, 304: 80}


def test_a_blocks_own_kernel_is_always_a_choice() -> None:
    space, network = around("mobilenet_v3_small", kernels=(3,))
    assert {getattr(b, "kernel", None) for b in space.slots[4].choices} == {3, 5}
    assert space.network(space.architecture(network)) == network


def test_a_network_without_blocks_to_vary_is_refused() -> None:
    network = load_reference("mobilenet_v2", resolution=32, classes=4).network
    with pytest.raises(ValueError, match="no inverted residual to search around"):
        space_around((*network[:2], network[-1]), name="around")


@pytest.mark.parametrize("name", NAMED)
def test_narrower_spaces_have_the_same_slots_and_no_wider_block(name: str) -> None:
    narrow, whole = load_space(name, resolution=64, width=[0.75, 1.0]).members
    for ours, its in zip(whole.slots, narrow.slots, strict=True):
        assert len(set(its.choices)) == len(its.choices)
        for wide, thin in zip(ours.choices, its.choices, strict=True):
            assert thin.in_channels <= wide.in_channels
            if isinstance(wide, InvertedResidual) and isinstance(thin, InvertedResidual):
                assert thin.expanded_channels <= wide.expanded_channels
                assert thin.squeeze_channels <= wide.squeeze_channels
                assert (thin.kernel, thin.expands) == (wide.kernel, wide.expands)


def test_a_width_has_its_name_and_its_channels() -> None:
    space = load_space("around_mobilenet_v2", width=0.5)
    assert (space.name, space.width) == ("around_mobilenet_v2 w0.5", 0.5)
    assert (space.prefix[0].in_channels, space.prefix[0].out_channels) == (3, 16)


def test_a_file_says_kernels_expansions_and_depth(tmp_path: Path) -> None:
    text = "around: timm/mobilenet_v3_small\nkernels: []\nexpansions: [0.5]\ndepth: [0, 0]"
    space = load_space(write(tmp_path, text), classes=3)
    assert [len(slot.choices) for slot in space.slots] == [2] * 10
    assert (space.resolution, space.classes, space.reference) == (
        *(224, 3),
        "timm/mobilenet_v3_small",
    )


def test_a_space_around_a_pretrained_network_is_that_of_its_blocks() -> None:
    half = Pretrained(width=0.5)
    space = load_space("around_pretrained", resolution=64, pretrained=half)
    network = half.network(64)
    assert space.network(space.architecture(network)) == network
    assert load_space("around_pretrained", classes=5, pretrained=half).classes == 5


def test_spaces_around_different_networks_of_one_name_have_names_of_their_own() -> None:
    full, half, wide = (
        load_space("around_pretrained", resolution=64, pretrained=Pretrained(width)).name
        for width in (1, 0.5, 0.75)
    )
    assert full == "around_pretrained timm/mobilenet_v3_small"
    assert half.startswith(f"{full} ")
    assert len({full, half, wide}) == 3
    pair = load_space("around_pretrained", resolution=[32, 64], pretrained=Pretrained(0.5))
    assert {member.name for member in pair.members} == {half}


def test_a_space_around_a_pretrained_network_asks_for_one() -> None:
    with pytest.raises(ConfigError, match="name one, or take the space"):
        load_space("around_pretrained")


def test_python_loads_it_by_name() -> None:
    assert hwnas.load_space("around_mobilenet_v2", resolution=32).size > 10**20


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("around: mobilenet_v5", r"mine.yaml: around: there is no reference 'mobilenet_v5'.*, or "),
        ("around: mobilenet_v2\nstages: []", "mine.yaml: unknown key 'stages'"),
        ("around: mobilenet_v2\nexpansions: [0]", "mine.yaml: 'expansions.0' is 0"),
        ("around: mobilenet_v2\ndepth: [1, 1]", "mine.yaml: 'depth.0' is 1"),
        ("around: mobilenet_v2\nkernels: [4]", "mine.yaml: 'kernels.0' is 4"),
        (
            "around: mobilenet_v3_large\nkernels: [3, 5, 7, 9, 11]\n"
            f"expansions: {[n / 10 for n in range(1, 21)]}\ndepth: [-4, 20]",
            "mine.yaml: all blocks have .* choices together, at most 10,000",
        ),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_space(write(tmp_path, text))


def test_images_too_large_for_a_space_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="resolution must be a whole number from 1 to 4,096"):
        load_space(write(tmp_path, "around: mobilenet_v2"), resolution=5000)


def test_what_a_run_holds_of_such_a_file_is_read_again() -> None:
    config = read_space("around_mobilenet_v2")
    assert (
        type(config).model_validate(config.model_dump(mode="json", exclude_defaults=True)) == config
    )
