"""InvertedResidual: the block of MobileNetV2 and MobileNetV3."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from typing_extensions import override

from hwnas.networks.block import Block, same_text, short_activation, with_largest
from hwnas.networks.channels import make_divisible, scaled_channels, squeeze_channels
from hwnas.networks.layers import Layer, linear, pointwise
from hwnas.networks.operations import Operations, Value
from hwnas.networks.options import BlockOptions, Expansion, Kernel, Place


class InvertedResidualOptions(BlockOptions["InvertedResidual"]):
    """Depthwise kernel, how much the input is expanded, and whether channels are gated."""

    kernel: Kernel
    expansion: Expansion
    squeeze_excite: bool = False

    @override
    def block(self, place: Place) -> "InvertedResidual":
        expanded = place.in_channels * self.expansion
        return InvertedResidual(
            place.in_channels,
            expanded,
            place.out_channels,
            self.kernel,
            place.stride,
            squeeze_channels(expanded) if self.squeeze_excite else 0,
            place.activation,
            place.resolution,
            place.same_padding,
        )


@dataclass(frozen=True, slots=True)
class InvertedResidual(Block):
    """MobileNetV2/V3's block: expand 1×1, depthwise k×k, squeeze-excite, project 1×1.

    No expansion convolution when `expanded_channels == in_channels`; no squeeze-excite when
    `squeeze_channels == 0`; a residual addition when stride is 1 and the channels are equal;
    `same_padding` of the depthwise convolution as in `Layer`.
    (Sandler et al. 2018, arXiv 1801.04381; Howard et al. 2019, arXiv 1905.02244.)
    """

    kind: ClassVar[str] = "inverted_residual"
    abbreviation: ClassVar[str] = "ir"
    options: ClassVar[type[InvertedResidualOptions]] = InvertedResidualOptions
    may_be_zero: ClassVar[tuple[str, ...]] = ("squeeze_channels",)
    in_channels: int
    expanded_channels: int
    out_channels: int
    kernel: int
    stride: int
    squeeze_channels: int
    activation: str
    resolution: int
    same_padding: bool = False

    @property
    def expands(self) -> bool:
        """Whether there is an expansion convolution."""
        return self.expanded_channels != self.in_channels

    @property
    def residual(self) -> bool:
        """Whether the input is added to the output."""
        return self.stride == 1 and self.in_channels == self.out_channels

    @override
    def layers(self) -> tuple[Layer, ...]:
        inside, squeezed = self.expanded_channels, self.squeeze_channels
        layers = []
        if self.expands:
            layers.append(
                pointwise("expand", self.in_channels, inside, self.activation, self.resolution)
            )
        layers.append(
            Layer(
                "depthwise",
                inside,
                inside,
                self.kernel,
                self.stride,
                inside,
                True,
                self.activation,
                self.resolution,
                same_padding=self.same_padding,
            )
        )
        if squeezed:
            layers.append(linear("squeeze_reduce", inside, squeezed, "relu"))
            layers.append(linear("squeeze_expand", squeezed, inside, "none"))
        project = pointwise("project", inside, self.out_channels, "none", self.out_resolution)
        return (*layers, project)

    @override
    def compute(self, ops: Operations[Value], x: Value) -> Value:
        out = projected(self, ops, x)
        return ops.add("residual", out, x) if self.residual else out

    @classmethod
    @override
    def widest(cls, blocks: Sequence[Self]) -> Self:
        return with_largest(blocks, "expanded_channels", "kernel", "squeeze_channels")

    @override
    def variants(self, kernels: Sequence[int], expansions: Sequence[float]) -> tuple[Self, ...]:
        own = self.expanded_channels
        # As many as come in are not expanded at all: weights that were trained would be left out.
        counts = [
            count
            for count in scaled_channels(own, expansions if self.expands else ())
            if count == own or count != self.in_channels
        ]
        squeezes = {
            count: make_divisible(self.squeeze_channels * count / own) for count in counts
        } | {own: self.squeeze_channels}
        return tuple(
            replace(
                self,
                kernel=kernel,
                expanded_channels=count,
                squeeze_channels=squeezes[count] if self.squeeze_channels else 0,
            )
            for kernel in sorted({self.kernel, *kernels})
            for count in counts
        )

    @override
    def repeated(self) -> Self | None:
        if self.residual:
            return self
        inside, channels = self.expanded_channels, self.out_channels
        return replace(
            self,
            in_channels=channels,
            expanded_channels=inside + 8 if inside == channels else inside,
            stride=1,
            resolution=self.out_resolution,
            same_padding=False,
        )

    @property
    @override
    def short_name(self) -> str:
        squeeze = f" se{self.squeeze_channels}" if self.squeeze_channels else ""
        return (
            f"ir k{self.kernel} s{self.stride} {self.in_channels}→{self.out_channels} "
            f"e{self.expanded_channels}{squeeze} {short_activation(self.activation)} "
            f"@{self.resolution}{same_text(self)}"
        )

    @property
    @override
    def choice_name(self) -> str:
        squeeze = " se" if self.squeeze_channels else ""
        expansion = self.expanded_channels / self.in_channels
        return f"k{self.kernel} e{expansion:.3g}{squeeze}{same_text(self)}"


def projected(block: InvertedResidual, ops: Operations[Value], x: Value, prefix: str = "") -> Value:
    """What the layers of a block make of an input, before it is added.

    Args:
        block: whose layers they are.
        ops: computes them.
        x: the input.
        prefix: of the names of all operations, where they are a branch of another block.
    """
    if block.expands:
        x = ops.layer(f"{prefix}expand", x)
    x = ops.layer(f"{prefix}depthwise", x)
    if block.squeeze_channels:
        gate = ops.layer(f"{prefix}squeeze_reduce", ops.mean(f"{prefix}squeeze_pool", x))
        gate = ops.hard_sigmoid(f"{prefix}gate", ops.layer(f"{prefix}squeeze_expand", gate))
        x = ops.multiply(f"{prefix}excite", x, gate)
    return ops.layer(f"{prefix}project", x)
