"""The published MobileNets scaled by width: the rivals of what a search finds."""

from dataclasses import replace

from hwnas.spaces import reference_network
from latency.blocks import Block, ConvBlock, Head, InvertedResidual, Network


def divisible(channels: float, by: int = 8) -> int:
    """The nearest multiple, at least one, never 10 % below (the MobileNet authors' rounding)."""
    rounded = max(by, int(channels + by / 2) // by * by)
    return rounded + by if rounded < 0.9 * channels else rounded


def scaled_network(name: str, width: float, *, resolution: int, classes: int) -> Network:
    """A published MobileNet with all channels multiplied by a width, as torchvision scales them.

    Below width 1, MobileNetV2's last convolution keeps its 1,280 features.
    """
    blocks: list[Block] = []
    for block in reference_network(name, resolution=resolution, classes=classes):
        before = blocks[-1].out_channels if blocks else 3
        match block:
            case ConvBlock():
                out = divisible(block.out_channels * width)
                blocks.append(replace(block, in_channels=before, out_channels=out))
            case InvertedResidual():
                out = divisible(block.out_channels * width)
                # MobileNetV2 expands what comes in, MobileNetV3 names its expanded channels.
                expanded = (
                    before * (block.expanded_channels // block.in_channels)
                    if name == "mobilenet_v2"
                    else divisible(block.expanded_channels * width)
                )
                squeeze = divisible(expanded / 4) if block.squeeze_channels else 0
                blocks.append(
                    replace(
                        block, in_channels=before, expanded_channels=expanded, out_channels=out,
                        squeeze_channels=squeeze,
                    )
                )  # fmt: skip
            case Head():
                wide = max(width, 1.0) if name == "mobilenet_v2" else width
                hidden = divisible(block.hidden_channels * width) if block.hidden_channels else 0
                features = divisible(block.feature_channels * wide)
                blocks.append(
                    replace(
                        block, in_channels=before, feature_channels=features,
                        hidden_channels=hidden,
                    )
                )  # fmt: skip
    return tuple(blocks)
