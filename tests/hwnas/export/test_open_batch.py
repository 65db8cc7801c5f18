"""A model for any number of images computes what the one of a fixed batch does."""

import numpy as np
import onnx
import pytest

from hwnas.core.errors import HwnasError
from hwnas.export.open_batch import check_open_batch, with_open_batch
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual
from hwnas.networks.graph import build_graph

NETWORK = (
    ConvBlock(3, 8, 3, 2, "relu", 16),
    InvertedResidual(8, 16, 8, 3, 1, 8, "hard_swish", 8),
    Head(8, 16, 8, 4, "relu", 8),
)
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 3, 16, 16), dtype=np.uint8)


@pytest.mark.parametrize("batch", [1, 2])
def test_the_open_model_gives_the_same_logits_for_three_images(batch: int) -> None:
    fixed = build_graph(NETWORK, batch=batch).SerializeToString()
    opened = with_open_batch(fixed)
    shapes = [
        [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for graph in [onnx.load_from_string(opened).graph]
        for value in (*graph.input, *graph.output)
    ]
    assert shapes == [["batch", 3, 16, 16], ["batch", 4]]
    check_open_batch(opened, fixed, IMAGES, batch=batch, precision="fp32")


def test_another_model_is_refused() -> None:
    fixed = build_graph(NETWORK).SerializeToString()
    other = (*NETWORK[:2], Head(8, 16, 0, 4, "relu", 8))
    opened = with_open_batch(build_graph(other).SerializeToString())
    with pytest.raises(HwnasError, match="computes logits that differ by"):
        check_open_batch(opened, fixed, IMAGES, batch=1, precision="fp32")
