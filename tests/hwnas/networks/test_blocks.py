import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwnas.networks.blocks import (
    ACTIVATIONS,
    Block,
    ConvBlock,
    Head,
    InvertedResidual,
    Skip,
    block_from_dict,
    block_key,
    block_to_dict,
    check_network,
    distinct_blocks,
)
from hwnas.networks.layers import block_layers
from hwnas.objectives.costs import block_parameters, block_weight_bytes

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
    st.builds(Skip, sizes, sizes),
    st.builds(Head, sizes, sizes, st.integers(0, 32), sizes, activations, sizes),
    st.builds(Head, sizes, sizes, sizes, sizes, activations, sizes, st.booleans()),
)


@given(blocks)
def test_a_block_survives_json(block: Block) -> None:
    assert block_from_dict(json.loads(json.dumps(block_to_dict(block)))) == block


@given(blocks, blocks)
def test_keys_are_equal_exactly_for_equal_blocks(one: Block, other: Block) -> None:
    assert (block_key(one) == block_key(other)) == (one == other)


def test_heads_with_a_bias_are_written_as_before_they_could_be_without() -> None:
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
    layers = block_layers(block)
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
    ],
)
def test_a_wrong_block_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"block|at least|hidden_bias must be true"):
        block_from_dict(wrong)


def test_even_kernels_and_unknown_activations_are_refused() -> None:
    with pytest.raises(ValueError, match="kernel must be odd"):
        ConvBlock(3, 8, 2, 1, "relu", 8)
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


def test_the_text_of_a_head_is_that_of_before_it_could_lack_a_bias():
    """Checkpoints of supernets know their space by it."""
    head = Head(40, 240, 320, 10, "hard_swish", 2)
    assert repr(head) == (
        "Head(in_channels=40, feature_channels=240, hidden_channels=320, classes=10, "
        "activation='hard_swish', resolution=2)"
    )
    assert repr(replace(head, hidden_bias=False)).endswith("resolution=2, hidden_bias=False)")
