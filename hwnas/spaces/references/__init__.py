"""The published networks, block by block, to compare what is found with and to begin with.

The papers leave open how a width multiplier rounds, how maps are padded, and what batch norm adds
to the variance. The libraries that people take these networks from answer differently, so a
reference is of one of them: "torchvision/mobilenet_v3_small" or "timm/mobilenet_v3_small".
"""

from hwnas.spaces.references.load import (
    REFERENCES,
    Reference,
    load_reference,
    reference_names,
    reference_network,
)

__all__ = [
    "REFERENCES",
    "Reference",
    "load_reference",
    "reference_names",
    "reference_network",
]
