"""An export folder of a tiny network with random weights, as `hwnas export` writes it."""

from pathlib import Path

import numpy as np
import torch

from hwnas.data import ImageDataset, Split
from hwnas.export.open_batch import with_open_batch
from hwnas.export.writer import network_config, write_export
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual
from hwnas.networks.folding import folded_weights
from hwnas.networks.graph import build_graph
from hwnas.networks.modules import NetworkModule

RESOLUTION = 16
CLASSES = ("cat", "dog", "é\x1b[2J", "fox")
NETWORK = (
    ConvBlock(3, 8, 3, 2, "relu", RESOLUTION),
    InvertedResidual(8, 16, 8, 3, 1, 8, "hard_swish", 8),
    Head(8, 16, 8, len(CLASSES), "relu", 8),
)


def make_export(folder: Path, *, batch: int = 1, deep_bits: int = 16) -> NetworkModule:
    """Writes the folder; returns its network as a module."""
    torch.manual_seed(0)
    module = NetworkModule(NETWORK).eval()
    model = build_graph(NETWORK, batch=batch, weights=folded_weights(module)).SerializeToString()
    some = Split(np.zeros((1, 3, RESOLUTION, RESOLUTION), np.uint8), np.zeros(1, np.int64))
    dataset = ImageDataset("made", CLASSES, some, some, some, deep_bits=deep_bits)
    write_export(
        folder,
        files={"model.onnx": model, "model.dynamic.onnx": with_open_batch(model)},
        state=module.state_dict(),
        config=network_config(
            NETWORK, dataset, batch=batch, training={}, conventions=module.conventions
        ),
        verification={},
    )
    return module
