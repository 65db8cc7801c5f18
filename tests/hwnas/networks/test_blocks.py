import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwnas.core.errors import ConfigError
from hwnas.networks.block import DEFINED
from hwnas.networks.blocks import (
    ACTIVATIONS,
    BLOCKS,
    Block,
    ConvBlock,
    Head,
    InvertedResidual,
    Skip,
    UniversalInvertedResidual,
    block_from_dict,
    block_from_key,
    block_key,
    block_kind,
    block_to_dict,
    check_network,
    distinct_blocks,
    kind_names,
)
from hwnas.networks.conventions import Conventions
from hwnas.networks.modules import NetworkModule
from hwnas.objectives.costs import block_parameters, block_weight_bytes
from hwnas.spaces import SearchSpace, Slot
from tests.hwnas.core.test_registry import install

sizes = st.integers(1, 64)
kernels = st.sampled_from([1, 3, 5, 7])
activations = st.sampled_from(ACTIVATIONS)
blocks = st.one_of(
    st.builds(ConvBlock, sizes, sizes, kernels, st.integers(1, 2), activations, sizes),
    st.builds(
        InvertedResidual,
        sizes,
        sizes,
        sizes,
        kernels,
        st.integers(1, 2),
        st.integers(0, 32),
        activations,
        sizes,
    ),
    st.builds(
        UniversalInvertedResidual,
        sizes,
        sizes,
        sizes,
        st.sampled_from([0, 3, 5]),
        kernels,
        st.integers(1, 2),
        activations,
        sizes,
        st.booleans(),
    ),
    st.builds(Skip, sizes, sizes),
    st.builds(Head, sizes, sizes, st.integers(0, 32), sizes, activations, sizes),
    st.builds(Head, sizes, sizes, sizes, sizes, activations, sizes, st.booleans()),
)


@given(blocks)
def test_a_block_survives_json(block: Block) -> None:
    assert block_from_dict(json.loads(json.dumps(block_to_dict(block)))) == block


@given(blocks)
def test_a_block_survives_its_key(block: Block) -> None:
    assert block_from_key(block_key(block)) == block


@given(blocks, blocks)
def test_keys_are_equal_exactly_for_equal_blocks(one: Block, other: Block) -> None:
    assert (block_key(one) == block_key(other)) == (one == other)


def test_a_default_is_left_out_of_keys_and_files() -> None:
    head = Head(8, 32, 16, 10, "relu", 4)
    fields = {"in_channels": 8, "feature_channels": 32, "hidden_channels": 16, "classes": 10}
    fields |= {"activation": "relu", "resolution": 4}
    assert list(block_to_dict(head).items()) == [("kind", "head"), *fields.items()]
    assert block_key(head) == "head " + " ".join(f"{key}={fields[key]}" for key in fields)
    without = Head(8, 32, 16, 10, "relu", 4, hidden_bias=False)
    assert block_to_dict(without) == {"kind": "head", **fields, "hidden_bias": False}
    assert block_key(without) == f"{block_key(head)} hidden_bias=False"
    assert block_parameters(head) - block_parameters(without) == 16
    assert block_weight_bytes(head) - block_weight_bytes(without) == 4 * 16


@given(blocks)
def test_the_layers_of_a_block_lead_from_its_input_to_its_output(block: Block) -> None:
    layers = block.layers()
    if layers:
        assert layers[0].in_channels == block.in_channels
        assert layers[0].resolution == block.resolution
        assert layers[-1].out_channels == block.out_channels
        assert layers[-1].out_resolution == block.out_resolution


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "pool"},
        {"kind": "skip", "channels": 3},
        {"kind": "skip", "channels": 3, "resolution": 8, "stride": 1},
        {"kind": "skip", "channels": 0, "resolution": 8},
        {"kind": "skip", "channels": "3", "resolution": 8},
        {**block_to_dict(Head(8, 32, 16, 10, "relu", 4)), "hidden_bias": 0},
        {**block_to_dict(Head(8, 32, 0, 10, "relu", 4)), "hidden_bias": False},
        {**block_to_dict(Head(8, 32, 0, 10, "relu", 4)), "hidden_norm": True},
        {**block_to_dict(Head(8, 32, 16, 10, "relu", 4, False)), "hidden_norm": True},
    ],
)
def test_a_wrong_block_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"block|at least|hidden_(bias|norm) must be"):
        block_from_dict(wrong)


def test_even_kernels_and_unknown_activations_are_refused() -> None:
    with pytest.raises(ValueError, match="kernel must be odd"):
        ConvBlock(3, 8, 2, 1, "relu", 8)
    with pytest.raises(ValueError, match="middle_kernel must be odd"):
        UniversalInvertedResidual(8, 16, 8, 0, 4, 1, "relu", 8)
    with pytest.raises(ValueError, match="activation must be one of"):
        ConvBlock(3, 8, 3, 1, "swish", 8)


def test_distinct_blocks_are_in_order_and_without_skips() -> None:
    one, two = ConvBlock(3, 8, 3, 1, "relu", 8), ConvBlock(8, 8, 3, 1, "relu", 8)
    assert distinct_blocks([(one, two, Skip(8, 8)), (two, one)]) == (one, two)


def test_blocks_that_do_not_fit_are_refused() -> None:
    one = ConvBlock(3, 8, 3, 2, "relu", 8)
    check_network((one, ConvBlock(8, 8, 3, 1, "relu", 4)))
    with pytest.raises(ValueError, match="follows an output of"):
        check_network((one, ConvBlock(8, 8, 3, 1, "relu", 8)))


KEYS = {
    ConvBlock(3, 16, 3, 2, "hard_swish", 224): (
        "conv in_channels=3 out_channels=16 kernel=3 stride=2 activation=hard_swish resolution=224"
    ),
    InvertedResidual(16, 48, 24, 5, 2, 0, "relu", 12): (
        "inverted_residual in_channels=16 expanded_channels=48 out_channels=24 kernel=5 stride=2 "
        "squeeze_channels=0 activation=relu resolution=12"
    ),
    Skip(24, 12): "skip channels=24 resolution=12",
    Head(40, 240, 320, 10, "relu6", 2): (
        "head in_channels=40 feature_channels=240 hidden_channels=320 classes=10 activation=relu6 "
        "resolution=2"
    ),
}
"""Known to every table, checkpoint and rating: these texts never change."""


@pytest.mark.parametrize("block", KEYS)
def test_the_form_of_keys_never_changes(block: Block) -> None:
    assert block_key(block) == KEYS[block]
    assert block_from_key(KEYS[block]) == block


def test_a_network_is_known_by_the_keys_of_its_blocks() -> None:
    """Checkpoints are known by this text."""
    blocks = list(KEYS)[:2]
    assert NetworkModule(blocks).identity == f"{KEYS[blocks[0]]}\n{KEYS[blocks[1]]}"
    assert NetworkModule(blocks, conventions=Conventions(epsilon=1e-3)).identity.endswith(
        "\nepsilon=0.001"
    )


def test_a_space_is_known_by_the_keys_of_its_blocks() -> None:
    """Checkpoints, ratings and estimators are known by this text."""
    conv, residual, skip, head = KEYS
    space = SearchSpace("any", (conv,), (Slot(1, (skip, residual)),), (head,))
    assert space.identity_of_stages == (
        f"prefix: {KEYS[conv]}\nstage 1: {KEYS[skip]}, {KEYS[residual]}"
    )
    assert space.identity == f"{space.identity_of_stages}\nsuffix: {KEYS[head]}"


@pytest.fixture
def shuffle() -> Iterator[Callable[..., Block]]:
    """A kind that this process alone has; one field was renamed, another one came later."""
    known = dict(DEFINED)

    @dataclass(frozen=True, slots=True)
    class Shuffle(Block):
        kind: ClassVar[str] = "shuffle"
        abbreviation: ClassVar[str] = "sh"
        in_channels: int
        out_channels: int = field(metadata={"key": "outputs"})
        resolution: int
        groups: int = 1

    yield Shuffle
    DEFINED.clear()
    DEFINED.update(known)


def test_a_renamed_field_and_a_later_one_leave_old_keys_what_they_were(
    shuffle: Callable[..., Block],
) -> None:
    key = "shuffle in_channels=8 outputs=16 resolution=4"
    assert block_key(shuffle(8, 16, 4)) == key
    assert block_from_key(key) == shuffle(8, 16, 4)
    assert block_from_key(f"{key} groups=2") == shuffle(8, 16, 4, 2)
    names = {"kind", "in_channels", "outputs", "resolution"}
    assert block_to_dict(shuffle(8, 16, 4)).keys() == names


def test_a_kind_of_ones_own_is_known_by_its_name_at_once(shuffle: Callable[..., Block]) -> None:
    assert block_kind("shuffle") is shuffle
    assert "shuffle" in kind_names()
    assert "shuffle" not in BLOCKS.ours


def test_a_kind_without_names_of_its_own_has_short_ones_all_the_same(
    shuffle: Callable[..., Block],
) -> None:
    assert shuffle(8, 16, 4).short_name == "sh 8→16 @4"
    assert shuffle(8, 16, 4, 2).short_name == "sh 8→16 groups=2 @4"
    assert shuffle(8, 16, 4, 2).choice_name == "sh groups=2"


def test_a_kind_of_ours_cannot_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DEFINED, "conv", Skip)
    assert block_kind("conv") is ConvBlock


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("KIND = 7\n", "is not a class of hwnas.networks.blocks.Block; correct that package"),
        ("from hwnas.networks.blocks import Skip as KIND\n", "calls itself 'skip'; give its entry"),
    ],
)
def test_a_package_that_brings_no_kind_of_that_name_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, sentence: str
) -> None:
    install(tmp_path, "odd_block", "odd = odd_block:KIND", content, group="hwnas.blocks")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        with pytest.raises(
            ConfigError, match=r"the block kind 'odd' \(odd_block:KIND of odd_block"
        ):
            block_kind("odd")
        with pytest.raises(ValueError, match=sentence):
            block_from_dict({"kind": "odd"})
    finally:
        sys.modules.pop("odd_block", None)
