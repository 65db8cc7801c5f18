"""A small network with everything that int8 graphs treat in their own way, and images for it."""

import numpy as np
import onnx
import onnxruntime as ort

from hwnas.data import ImageDataset, Split
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual, Network

NETWORK: Network = (
    ConvBlock(3, 8, 3, 2, "hard_swish", 16),
    InvertedResidual(8, 24, 8, 5, 1, 8, "relu", 8),
    InvertedResidual(8, 24, 16, 3, 2, 0, "relu6", 8),
    Head(16, 16, 8, 4, "relu", 4),
)
GENERATOR = np.random.default_rng(0)


def split(count: int) -> Split:
    """Some images of noise."""
    pixels = GENERATOR.integers(0, 256, (count, 3, 16, 16)).astype(np.uint8)
    return Split(pixels, GENERATOR.integers(0, 4, count))


DATASET = ImageDataset("noise", ("a", "b", "c", "d"), split(30), split(20), split(20))


def logits(model: onnx.ModelProto, images: np.ndarray) -> np.ndarray:
    """What ONNX Runtime computes with a model of a fixed batch."""
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"input": images})[0])
