"""UniversalInvertedResidual: the block of MobileNetV4."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from typing_extensions import override

from hwnas.networks.block import Block, same_text, short_activation, with_largest
from hwnas.networks.channels import scaled_channels
from hwnas.networks.layers import Layer, pointwise
from hwnas.networks.operations import Operations, Value
from hwnas.networks.options import BlockOptions, Expansion, KernelOrNone, Place


class UniversalInvertedResidualOptions(BlockOptions["UniversalInvertedResidual"]):
    """Two depthwise kernels, each of which may be 0, and how much the input is expanded."""

    start_kernel: KernelOrNone = 0
    middle_kernel: KernelOrNone = 0
    expansion: Expansion

    @override
    def block(self, place: Place) -> "UniversalInvertedResidual":
        return UniversalInvertedResidual(
            place.in_channels,
            place.in_channels * self.expansion,
            place.out_channels,
            self.start_kernel,
            self.middle_kernel,
            place.stride,
            place.activation,
            place.resolution,
            place.same_padding,
        )


@dataclass(frozen=True, slots=True)
class UniversalInvertedResidual(Block):
    """MobileNetV4's block: depthwise, expand 1×1, depthwise, project 1×1.

    Either depthwise convolution is left out where its kernel is 0. The stride is that of the middle
    one, or of the first where there is no middle one. The first has batch norm and no activation.
    There always is an expansion, and a residual addition when stride is 1 and the channels are
    equal. `same_padding` of the convolution with the stride as in `Layer`.

    Its four forms in the paper: inverted bottleneck (middle), ConvNext-like (start), extra
    depthwise (both), feed-forward network (none). (Qin et al. 2024, arXiv 2404.10518, section 3.)
    """

    kind: ClassVar[str] = "universal_inverted_residual"
    abbreviation: ClassVar[str] = "uir"
    options: ClassVar[type[UniversalInvertedResidualOptions]] = UniversalInvertedResidualOptions
    may_be_zero: ClassVar[tuple[str, ...]] = ("start_kernel", "middle_kernel")
    in_channels: int
    expanded_channels: int
    out_channels: int
    start_kernel: int
    middle_kernel: int
    stride: int
    activation: str
    resolution: int
    same_padding: bool = False

    @override
    def check(self) -> None:
        if self.stride > 1 and not (self.start_kernel or self.middle_kernel):
            raise ValueError(
                f"start_kernel and middle_kernel are both 0, and a stride of {self.stride} needs "
                "one of them"
            )

    @property
    def residual(self) -> bool:
        """Whether the input is added to the output."""
        return self.stride == 1 and self.in_channels == self.out_channels

    @override
    def layers(self) -> tuple[Layer, ...]:
        inside = self.expanded_channels
        stride = 1 if self.middle_kernel else self.stride
        layers, resolution = [], self.resolution
        if self.start_kernel:
            start = self._depthwise("start", self.in_channels, self.start_kernel, stride, "none")
            layers.append(start)
            resolution = start.out_resolution
        layers.append(pointwise("expand", self.in_channels, inside, self.activation, resolution))
        if self.middle_kernel:
            kernel, activation = self.middle_kernel, self.activation
            layers.append(self._depthwise("depthwise", inside, kernel, self.stride, activation))
        project = pointwise("project", inside, self.out_channels, "none", self.out_resolution)
        return (*layers, project)

    def _depthwise(
        self, name: str, channels: int, kernel: int, stride: int, activation: str
    ) -> Layer:
        same = self.same_padding and stride > 1
        where = (channels, True, activation, self.resolution)
        return Layer(name, channels, channels, kernel, stride, *where, same_padding=same)

    @override
    def compute(self, ops: Operations[Value], x: Value) -> Value:
        start = x
        if self.start_kernel:
            x = ops.layer("start", x)
        x = ops.layer("expand", x)
        if self.middle_kernel:
            x = ops.layer("depthwise", x)
        x = ops.layer("project", x)
        return ops.add("residual", x, start) if self.residual else x

    @classmethod
    @override
    def widest(cls, blocks: Sequence[Self]) -> Self:
        return with_largest(blocks, "expanded_channels", "start_kernel", "middle_kernel")

    @override
    def variants(self, kernels: Sequence[int], expansions: Sequence[float]) -> tuple[Self, ...]:
        # The kernel inside varies, or the first one where there is none inside; none comes or goes.
        own = self.middle_kernel or self.start_kernel
        counts = scaled_channels(self.expanded_channels, expansions)
        return tuple(
            replace(
                self,
                expanded_channels=count,
                start_kernel=self.start_kernel if self.middle_kernel else kernel,
                middle_kernel=kernel if self.middle_kernel else 0,
            )
            for kernel in (sorted({own, *kernels}) if own else [0])
            for count in counts
        )

    @override
    def repeated(self) -> Self | None:
        if self.residual:
            return self
        return replace(
            self,
            in_channels=self.out_channels,
            stride=1,
            resolution=self.out_resolution,
            same_padding=False,
        )

    @property
    @override
    def short_name(self) -> str:
        return (
            f"uir a{self.start_kernel} k{self.middle_kernel} s{self.stride} "
            f"{self.in_channels}→{self.out_channels} e{self.expanded_channels} "
            f"{short_activation(self.activation)} @{self.resolution}{same_text(self)}"
        )

    @property
    @override
    def choice_name(self) -> str:
        expansion = self.expanded_channels / self.in_channels
        kernels = f"a{self.start_kernel} k{self.middle_kernel}"
        return f"uir {kernels} e{expansion:.3g}{same_text(self)}"
