"""A kind of block for hwnas: the fused inverted residual, a dense convolution and a projection.

Chips with wide multiply units run one dense k×k convolution sooner than a 1×1 and a depthwise one
of fewer MACs (Gupta and Tan 2019, "EfficientNet-EdgeTPU"; Tan and Le 2021, arXiv 2104.00298). Which
of both is better where is a question for a search: a slot may have choices of both kinds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from hwnas.networks.block import Block, with_largest
from hwnas.networks.layers import Layer, pointwise
from hwnas.networks.operations import Operations, Value
from hwnas.networks.options import BlockOptions, Expansion, Kernel, Place


class FusedOptions(BlockOptions["FusedInvertedResidual"]):
    """What a stage names: `kernels: [3, 5]` and `expansions: [2, 4]`."""

    kernel: Kernel
    expansion: Expansion

    def block(self, place: Place) -> "FusedInvertedResidual":
        """The block at a place of a network."""
        return FusedInvertedResidual(
            place.in_channels,
            place.in_channels * self.expansion,
            place.out_channels,
            self.kernel,
            place.stride,
            place.activation,
            place.resolution,
        )


@dataclass(frozen=True, slots=True)
class FusedInvertedResidual(Block):
    """Expand by a dense k×k convolution, project 1×1, and add the input where shapes are equal."""

    kind: ClassVar[str] = "fused"
    abbreviation: ClassVar[str] = "fused"
    options: ClassVar[type[FusedOptions]] = FusedOptions
    in_channels: int
    expanded_channels: int
    out_channels: int
    kernel: int
    stride: int
    activation: str
    resolution: int

    def layers(self) -> tuple[Layer, ...]:
        """The two convolutions."""
        inside = self.expanded_channels
        return (
            Layer(
                name="fused",
                in_channels=self.in_channels,
                out_channels=inside,
                kernel=self.kernel,
                stride=self.stride,
                groups=1,
                normalized=True,
                activation=self.activation,
                resolution=self.resolution,
            ),
            pointwise("project", inside, self.out_channels, "none", self.out_resolution),
        )

    def compute(self, ops: Operations[Value], x: Value) -> Value:
        """One after the other; with the input, if the block changes no shape."""
        y = ops.layer("project", ops.layer("fused", x))
        if self.stride == 1 and self.in_channels == self.out_channels:
            y = ops.add("residual", y, x)
        return y

    @classmethod
    def widest(cls, blocks: Sequence[Self]) -> Self:
        """The choices of a slot are parts of one block: first channels, centre of the kernel."""
        return with_largest(blocks, "expanded_channels", "kernel")
