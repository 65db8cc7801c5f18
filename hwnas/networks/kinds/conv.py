"""ConvBlock: a convolution, as in stems and in projections between stages."""

from dataclasses import dataclass
from typing import ClassVar

from typing_extensions import override

from hwnas.networks.block import Block, same_text, short_activation
from hwnas.networks.layers import Layer
from hwnas.networks.operations import Operations, Value
from hwnas.networks.options import BlockOptions, Kernel, Place


class ConvOptions(BlockOptions["ConvBlock"]):
    """The options of a convolution in a stage."""

    kernel: Kernel

    @override
    def block(self, place: Place) -> "ConvBlock":
        return ConvBlock(
            place.in_channels,
            place.out_channels,
            self.kernel,
            place.stride,
            place.activation,
            place.resolution,
            place.same_padding,
        )


@dataclass(frozen=True, slots=True)
class ConvBlock(Block):
    """Convolution, batch norm, activation; `same_padding` as in `Layer`."""

    kind: ClassVar[str] = "conv"
    abbreviation: ClassVar[str] = "conv"
    options: ClassVar[type[ConvOptions]] = ConvOptions
    in_channels: int
    out_channels: int
    kernel: int
    stride: int
    activation: str
    resolution: int
    same_padding: bool = False

    @override
    def layers(self) -> tuple[Layer, ...]:
        return (
            Layer(
                "conv",
                self.in_channels,
                self.out_channels,
                self.kernel,
                self.stride,
                1,
                True,
                self.activation,
                self.resolution,
                same_padding=self.same_padding,
            ),
        )

    @override
    def compute(self, ops: Operations[Value], x: Value) -> Value:
        return ops.layer("conv", x)

    @property
    @override
    def short_name(self) -> str:
        return (
            f"conv k{self.kernel} s{self.stride} {self.in_channels}→{self.out_channels} "
            f"{short_activation(self.activation)} @{self.resolution}{same_text(self)}"
        )
