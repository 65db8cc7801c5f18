"""Layers: the convolutions inside a block, with all that costs, graphs and modules need to know."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution (a fully connected layer is one at resolution 1).

    `normalized` layers have batch norm and no bias, others no batch norm and, unless `biased` is
    false, a bias. `resolution` is that of the input. `same_padding` is TensorFlow's: where the
    zeros around the input are odd in number, one more stands behind (right, below) than before.
    """

    name: str
    in_channels: int
    out_channels: int
    kernel: int
    stride: int
    groups: int
    normalized: bool
    activation: str
    resolution: int
    biased: bool = True
    same_padding: bool = False

    @property
    def out_resolution(self) -> int:
        """Height and width of the output."""
        return -(-self.resolution // self.stride)

    @property
    def padding(self) -> tuple[int, int]:
        """Rows (and columns) of zeros before and behind the input: kernel // 2 each, or "same".

        (TensorFlow's "same": as few as the last output needs, half of them before it. With stride
        1 both are equal.)
        """
        if not self.same_padding:
            return self.kernel // 2, self.kernel // 2
        reached = (self.out_resolution - 1) * self.stride + self.kernel
        zeros = max(reached - self.resolution, 0)
        return zeros // 2, zeros - zeros // 2

    @property
    def weight_shape(self) -> tuple[int, int, int, int]:
        """(out, in / groups, kernel, kernel)."""
        return (self.out_channels, self.in_channels // self.groups, self.kernel, self.kernel)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image."""
        out, per_group, height, width = self.weight_shape
        return out * per_group * height * width * self.out_resolution**2

    @property
    def parameters(self) -> int:
        """Weights, and a bias or batch norm's scale and shift for each output channel."""
        out, per_group, height, width = self.weight_shape
        return out * per_group * height * width + out * (2 if self.normalized else self.biased)

    @property
    def folded_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of `weight` and `bias` with batch norm folded in: its shift is a bias."""
        shapes: dict[str, tuple[int, ...]] = {"weight": self.weight_shape}
        if self.normalized or self.biased:
            shapes["bias"] = (self.out_channels,)
        return shapes


def pointwise(
    name: str, in_channels: int, out_channels: int, activation: str, resolution: int
) -> Layer:
    """A 1×1 convolution with batch norm."""
    return Layer(name, in_channels, out_channels, 1, 1, 1, True, activation, resolution)


def linear(
    name: str, in_channels: int, out_channels: int, activation: str, biased: bool = True
) -> Layer:
    """A fully connected layer, without batch norm."""
    return Layer(name, in_channels, out_channels, 1, 1, 1, False, activation, 1, biased)
