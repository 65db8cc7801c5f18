"""What every kind of block must do; tests/hwnas/networks has what only ours do."""

from hwnas.networks.blocks import (
    BLOCKS,
    ConvBlock,
    Head,
    InvertedResidual,
    ParallelInvertedResidual,
    Skip,
    UniversalInvertedResidual,
)
from hwnas.networks.kinds.conv import ConvOptions
from hwnas.networks.kinds.inverted_residual import InvertedResidualOptions
from hwnas.networks.kinds.parallel_inverted_residual import ParallelInvertedResidualOptions
from hwnas.networks.kinds.universal_inverted_residual import UniversalInvertedResidualOptions
from hwnas.testing.blocks import BlockContract


class TestConv(BlockContract):
    kind = ConvBlock
    examples = (
        ConvBlock(3, 8, 3, 2, "hard_swish", 7),
        ConvBlock(8, 8, 1, 1, "none", 8),
        ConvBlock(8, 8, 5, 1, "relu6", 1),
        ConvBlock(8, 8, 5, 2, "relu6", 8),
        ConvBlock(8, 8, 5, 2, "relu6", 8, same_padding=True),
    )
    options = tuple(ConvOptions(kernel=kernel) for kernel in (1, 3, 5))


class TestInvertedResidual(BlockContract):
    kind = InvertedResidual
    examples = (
        InvertedResidual(8, 24, 8, 3, 1, 8, "hard_swish", 8),
        InvertedResidual(8, 24, 8, 3, 1, 0, "relu", 8),
        InvertedResidual(8, 8, 16, 5, 2, 0, "relu6", 7),
        InvertedResidual(8, 4, 8, 7, 1, 8, "relu", 1),
        InvertedResidual(8, 24, 8, 3, 2, 8, "hard_swish", 8, same_padding=True),
    )
    options = tuple(
        InvertedResidualOptions(kernel=kernel, expansion=expansion, squeeze_excite=squeezed)
        for kernel in (3, 7)
        for expansion in (1, 4)
        for squeezed in (False, True)
    )


class TestUniversalInvertedResidual(BlockContract):
    kind = UniversalInvertedResidual
    examples = (
        UniversalInvertedResidual(8, 24, 8, 3, 5, 1, "relu", 8),
        UniversalInvertedResidual(8, 24, 12, 5, 3, 2, "relu6", 7),
        UniversalInvertedResidual(8, 24, 8, 3, 0, 2, "relu", 8),
        UniversalInvertedResidual(8, 24, 8, 3, 0, 2, "relu", 8, same_padding=True),
        UniversalInvertedResidual(8, 16, 8, 0, 3, 2, "hard_swish", 8, same_padding=True),
        UniversalInvertedResidual(8, 8, 8, 0, 0, 1, "relu", 1),
    )
    options = tuple(
        UniversalInvertedResidualOptions(
            start_kernel=start, middle_kernel=middle, expansion=expansion
        )
        for start, middle in ((0, 3), (5, 0), (3, 5))
        for expansion in (2, 4)
    )


class TestParallelInvertedResidual(BlockContract):
    kind = ParallelInvertedResidual
    examples = (
        ParallelInvertedResidual(8, 8, 3, 24, 0, 5, 16, 8, 1, "relu", 8),
        ParallelInvertedResidual(8, 12, 3, 8, 8, 3, 16, 0, 2, "hard_swish", 7),
        ParallelInvertedResidual(8, 8, 3, 16, 0, 3, 16, 8, 2, "relu6", 8, same_padding=True),
    )
    options = tuple(
        ParallelInvertedResidualOptions(
            kernel=3,
            expansion=expansion,
            squeeze_excite=squeezed,
            second_kernel=5,
            second_expansion=2,
            second_squeeze_excite=not squeezed,
        )
        for expansion in (1, 4)
        for squeezed in (False, True)
    )


class TestHead(BlockContract):
    kind = Head
    examples = (
        Head(8, 24, 16, 10, "hard_swish", 4),
        Head(8, 24, 16, 10, "hard_swish", 4, hidden_bias=False),
        Head(8, 24, 16, 10, "relu", 4, hidden_norm=True),
        Head(8, 24, 0, 10, "relu6", 3),
    )


class TestSkip(BlockContract):
    kind = Skip
    examples = (Skip(8, 7),)


def test_every_kind_is_held_to_it() -> None:
    suites = [one for one in BlockContract.__subclasses__() if one.__module__ == __name__]
    assert {one.kind.kind for one in suites} == set(BLOCKS.ours)
