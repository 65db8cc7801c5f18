"""The fused inverted residual does what every kind of block must do."""

from hwnas_fused_block import FusedInvertedResidual, FusedOptions

from hwnas.testing.blocks import BlockContract


class TestFused(BlockContract):
    kind = FusedInvertedResidual
    examples = (
        FusedInvertedResidual(8, 24, 8, 3, 1, "relu", 8),
        FusedInvertedResidual(8, 24, 16, 5, 2, "hard_swish", 7),
        FusedInvertedResidual(8, 8, 8, 1, 1, "relu6", 1),
    )
    options = tuple(
        FusedOptions(kernel=kernel, expansion=expansion)
        for kernel in (1, 3, 5)
        for expansion in (1, 4)
    )
