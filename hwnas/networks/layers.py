"""The convolutions inside a block: the one description that costs, graphs and modules share."""

from dataclasses import dataclass

from hwnas.networks.blocks import Block, ConvBlock, Head, InvertedResidual


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution (a fully connected layer is one at resolution 1).

    `normalized` layers have batch norm and no bias, others no batch norm and, unless `biased` is
    false, a bias. `resolution` is that of the input.
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

    @property
    def out_resolution(self) -> int:
        """Height and width of the output (padding is kernel // 2)."""
        return -(-self.resolution // self.stride)

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


def block_layers(block: Block) -> tuple[Layer, ...]:
    """The convolutions of a block, in the order in which they run; none for a skip."""
    match block:
        case ConvBlock():
            return (_conv_layer(block),)
        case InvertedResidual():
            return _inverted_residual_layers(block)
        case Head():
            return _head_layers(block)
        case _:
            return ()


def _conv_layer(block: ConvBlock) -> Layer:
    return Layer(
        "conv",
        block.in_channels,
        block.out_channels,
        block.kernel,
        block.stride,
        1,
        True,
        block.activation,
        block.resolution,
    )


def _inverted_residual_layers(block: InvertedResidual) -> tuple[Layer, ...]:
    inside, squeezed, small = block.expanded_channels, block.squeeze_channels, block.out_resolution
    layers = []
    if block.expands:
        layers.append(
            Layer(
                "expand",
                block.in_channels,
                inside,
                1,
                1,
                1,
                True,
                block.activation,
                block.resolution,
            )
        )
    layers.append(
        Layer(
            "depthwise",
            inside,
            inside,
            block.kernel,
            block.stride,
            inside,
            True,
            block.activation,
            block.resolution,
        )
    )
    if squeezed:
        layers += [
            Layer("squeeze_reduce", inside, squeezed, 1, 1, 1, False, "relu", 1),
            # The hard sigmoid that gates the channels belongs to the block, not to the layer.
            Layer("squeeze_expand", squeezed, inside, 1, 1, 1, False, "none", 1),
        ]
    layers.append(Layer("project", inside, block.out_channels, 1, 1, 1, True, "none", small))
    return tuple(layers)


def _head_layers(block: Head) -> tuple[Layer, ...]:
    layers = [
        Layer(
            "features",
            block.in_channels,
            block.feature_channels,
            1,
            1,
            1,
            True,
            block.activation,
            block.resolution,
        )
    ]
    last = block.feature_channels
    if block.hidden_channels:
        layers.append(
            Layer(
                "hidden",
                last,
                block.hidden_channels,
                1,
                1,
                1,
                False,
                block.activation,
                1,
                block.hidden_bias,
            )
        )
        last = block.hidden_channels
    layers.append(Layer("classifier", last, block.classes, 1, 1, 1, False, "none", 1))
    return tuple(layers)
