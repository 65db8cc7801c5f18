import pytest

from hwnas.networks.blocks import (
    ConvBlock,
    Head,
    InvertedResidual,
    Skip,
    UniversalInvertedResidual,
    block_key,
    short_key,
)
from hwnas.spaces import load_space


@pytest.mark.parametrize(
    ("block", "name"),
    [
        (InvertedResidual(16, 48, 24, 5, 2, 0, "relu", 12), "ir k5 s2 16→24 e48 relu @12"),
        (
            InvertedResidual(16, 48, 24, 3, 1, 12, "hard_swish", 12),
            "ir k3 s1 16→24 e48 se12 hswish @12",
        ),
        (ConvBlock(3, 16, 3, 2, "hard_swish", 224), "conv k3 s2 3→16 hswish @224"),
        (Head(96, 576, 1024, 10, "hard_swish", 7), "head 96→10 f576 h1024 hswish @7"),
        (
            Head(96, 576, 1024, 10, "relu", 7, hidden_norm=True),
            "head 96→10 f576 h1024 norm relu @7",
        ),
        (Skip(24, 12), "skip 24 @12"),
        (
            UniversalInvertedResidual(16, 48, 24, 5, 3, 2, "relu", 12, same_padding=True),
            "uir a5 k3 s2 16→24 e48 relu @12 same",
        ),
    ],
)
def test_a_block_has_a_short_name(block: Skip, name: str) -> None:
    assert block.short_name == name
    assert short_key(block_key(block)) == name


@pytest.mark.parametrize("space", ["mobilenet_v3_large", "mobilenet_cpu", "nas_bench_macro"])
def test_blocks_that_differ_have_names_that_differ(space: str) -> None:
    blocks = load_space(space).blocks()
    assert len({block.short_name for block in blocks}) == len(blocks)


def test_a_key_that_is_no_block_stays() -> None:
    assert short_key("network 3f2a") == "network 3f2a"
    assert short_key("inverted_residual kernel=x") == "inverted_residual kernel=x"
