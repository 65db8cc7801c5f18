import numpy as np
import pytest
from onnxruntime.quantization.calibrate import HistogramCollector

from hwnas.data import Split, to_input
from hwnas.export.int8.histograms import EntropyCollector
from hwnas.export.int8.ranges import Calibration
from hwnas.networks.graph import build_graph, random_weights
from hwnas.networks.quantize import quantize
from tests.hwnas.export.int8.networks import DATASET, NETWORK, logits

SPLIT = DATASET.train
METHODS = ("min-max", "percentile", "entropy")


@pytest.mark.parametrize("batch", [1, 4])
def test_every_tensor_gets_the_range_it_has_on_the_images(batch: int) -> None:
    model = build_graph(NETWORK, batch=batch)
    ranges = Calibration(model, SPLIT).methods["min-max"]()
    assert set(ranges) >= {output for node in model.graph.node for output in node.output}
    images = to_input(SPLIT.images).numpy()
    assert ranges["input"] == pytest.approx((images.min(), images.max()))


@pytest.mark.parametrize("batch", [1, 4])
def test_the_int8_network_computes_nearly_the_same_by_each_method(batch: int) -> None:
    model = build_graph(NETWORK, batch=batch)
    images = to_input(SPLIT.images[:batch]).contiguous().numpy()
    expected = logits(model, images)
    methods = Calibration(model, SPLIT).methods
    assert tuple(methods) == METHODS
    for ranges in methods.values():
        found = logits(quantize(model, "asymmetric", ranges()), images)
        assert np.abs(found - expected).max() < 0.3 * np.abs(expected).max()


def test_other_methods_leave_outliers_out_of_the_tensors_that_are_asked_for() -> None:
    pixels = np.random.default_rng(0).normal(128, 10, SPLIT.images.shape).astype(np.uint8)
    pixels[0, 0, 0, 0] = 255
    model = build_graph(NETWORK[:1])
    calibration = Calibration(model, Split(pixels, SPLIT.labels), tensors=["input"])
    low, high = calibration.methods["min-max"]()["input"]
    for method in METHODS[1:]:
        ranges = calibration.methods[method]()
        assert low <= ranges["input"][0] < ranges["input"][1] <= high
        assert {**ranges, "input": (low, high)} == calibration.least_and_greatest
    assert calibration.methods["percentile"]()["input"][1] < 0.9 * high


def test_entropy_is_that_of_onnx_runtime() -> None:
    generator = np.random.default_rng(0)
    values = np.abs(generator.standard_normal(4000)).astype(np.float32) ** 2
    counts, edges = np.histogram(values, 128, range=(-values.max(), values.max()))
    histogram = (counts, edges.astype(np.float32), values.min(), values.max(), values.max())
    arguments = ("entropy", False, 128, 32, 99.99, "same")
    expected = HistogramCollector(*arguments).get_entropy_threshold(histogram, 32)
    assert EntropyCollector(*arguments).get_entropy_threshold(histogram, 32) == expected
    assert expected[1] < values.max()


def test_a_tensor_that_is_always_zero_has_a_range() -> None:
    weights = [
        {name: np.zeros_like(values) for name, values in random_weights(block).items()}
        for block in NETWORK
    ]
    model = build_graph(NETWORK, weights=weights)
    images = to_input(SPLIT.images[:1]).contiguous().numpy()
    for ranges in Calibration(model, SPLIT).methods.values():
        assert not logits(quantize(model, "asymmetric", ranges()), images).any()
