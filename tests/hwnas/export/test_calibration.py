import numpy as np
import onnxruntime as ort
import pytest

from hwnas.data import Split, to_input
from hwnas.export.calibration import calibrate
from hwnas.networks.blocks import ConvBlock, Head, InvertedResidual
from hwnas.networks.graph import build_graph
from hwnas.networks.quantize import quantize

NETWORK = (
    ConvBlock(3, 8, 3, 2, "hard_swish", 16),
    InvertedResidual(8, 24, 8, 5, 1, 8, "relu", 8),
    Head(8, 16, 8, 4, "relu", 8),
)
GENERATOR = np.random.default_rng(0)
SPLIT = Split(
    GENERATOR.integers(0, 256, (30, 3, 16, 16)).astype(np.uint8), GENERATOR.integers(0, 4, 30)
)


@pytest.mark.parametrize("batch", [1, 4])
def test_every_tensor_gets_the_range_it_has_on_the_images(batch: int) -> None:
    model = build_graph(NETWORK, batch=batch)
    ranges = calibrate(model, SPLIT)
    assert set(ranges) >= {output for node in model.graph.node for output in node.output}
    images = to_input(SPLIT.images).numpy()
    assert ranges["input"] == pytest.approx((images.min(), images.max()))


@pytest.mark.parametrize("batch", [1, 4])
def test_the_int8_network_computes_nearly_the_same(batch: int) -> None:
    model = build_graph(NETWORK, batch=batch)
    images = to_input(SPLIT.images[:batch]).contiguous().numpy()
    outputs = [
        ort.InferenceSession(m.SerializeToString(), providers=["CPUExecutionProvider"]).run(
            None, {"input": images}
        )[0]
        for m in (model, quantize(model, "asymmetric", calibrate(model, SPLIT)))
    ]
    assert np.abs(outputs[0] - outputs[1]).max() < 0.1 * np.abs(outputs[0]).max()
