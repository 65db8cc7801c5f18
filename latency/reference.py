"""What never changes and is measured again and again: it shows how fast a machine is now."""

from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual, Network

REFERENCE_BLOCK = InvertedResidual(40, 120, 40, 5, 1, 32, "relu", 28)
"""Visited between every few graphs; small, so that it costs little."""

# A short MobileNetV2: some milliseconds on a server core, some tens on a phone's.
NETWORK: Network = (
    ConvBlock(3, 32, 3, 2, "relu6", 128),
    InvertedResidual(32, 32, 16, 3, 1, 0, "relu6", 64),
    InvertedResidual(16, 96, 24, 3, 2, 0, "relu6", 64),
    InvertedResidual(24, 144, 24, 3, 1, 0, "relu6", 32),
    InvertedResidual(24, 144, 40, 5, 2, 0, "relu6", 32),
    InvertedResidual(40, 240, 40, 5, 1, 0, "relu6", 16),
    InvertedResidual(40, 240, 80, 3, 1, 0, "relu6", 16),
    InvertedResidual(80, 480, 160, 5, 2, 0, "relu6", 16),
    InvertedResidual(160, 960, 160, 3, 1, 0, "relu6", 8),
    Head(160, 640, 0, 1000, "relu6", 8),
)
"""Visited so where no single block can run; and what a device's noise is checked by."""
