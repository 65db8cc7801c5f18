"""Histograms of what the tensors of a network hold, and the ranges that follow from them.

Collecting them and choosing a range is ONNX Runtime's. Imports what takes 0.3 s: load it when it is
needed.
"""

import io
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization.calibrate import HistogramCalibrater, HistogramCollector, entropy
from onnxruntime.quantization.quant_utils import smooth_distribution
from typing_extensions import override

from hwnas.core.workspace import job_folder
from hwnas.networks.graph import INPUT
from hwnas.networks.quantize import Ranges

Values = NDArray[np.float32]

PERCENTILE = 99.99
BINS = 2048
# Kullback-Leibler divergences of more bins take longer and find the same.
ENTROPY_BINS, ENTROPY_STEPS = 512, 128
_AT_ONCE = 16
"""How many batches are in memory at once with all that the network computes of them."""


class Histograms:
    """How often each value is taken by each tensor of a network over some images."""

    def __init__(self, model: onnx.ModelProto, batches: Sequence[Values], spans: Ranges) -> None:
        """Runs the network.

        Args:
            model: of fp32 and a fixed batch.
            batches: inputs, (batch, 3, R, R) each.
            spans: the least and greatest value of the tensors to collect, on these inputs at least.
        """
        collector = HistogramCollector("percentile", False, BINS, ENTROPY_STEPS, PERCENTILE, "same")
        # All bins are there from the start: those that ONNX Runtime adds by and by become many, and
        # another order of sums may give a little more than the greatest value.
        collector.histogram_dict = {
            name: _histogram(np.zeros(BINS, int), *(np.float32(1.0001 * end) for end in span))
            for name, span in spans.items()
        }
        with job_folder() as folder, redirect_stdout(io.StringIO()):
            path = folder / "model.onnx"
            onnx.save(model, path)
            calibrator = HistogramCalibrater(
                str(path), augmented_model_path=str(folder / "augmented.onnx")
            )
            calibrator.augment_graph()
            calibrator.create_inference_session()
            calibrator.tensors_to_calibrate = set(spans)
            calibrator.collector = collector
            for start in range(0, len(batches), _AT_ONCE):
                calibrator.collect_data(Reader(batches[start : start + _AT_ONCE]))
        self._found: dict[str, tuple[Any, ...]] = collector.histogram_dict
        self._spans = spans

    def percentile(self) -> Ranges:
        """What 99.99 % of the values are within, half of the rest on either side."""
        collector = HistogramCollector("percentile", False, BINS, ENTROPY_STEPS, PERCENTILE, "same")
        collector.histogram_dict = self._found
        return self._ranges(collector)

    def entropy(self) -> Ranges:
        """What is most alike when it is rounded: of least Kullback-Leibler divergence."""
        collector = EntropyCollector(
            "entropy", False, ENTROPY_BINS, ENTROPY_STEPS, PERCENTILE, "same"
        )
        collector.histogram_dict = {
            name: _histogram(counts.reshape(ENTROPY_BINS, -1).sum(axis=1), low, high)
            for name, (counts, _, low, high, _) in self._found.items()
        }
        return self._ranges(collector)

    def _ranges(self, collector: HistogramCollector) -> Ranges:
        with redirect_stdout(io.StringIO()):
            found: Mapping[str, tuple[Any, ...]] = collector.compute_collection_result()
        return {
            name: (
                max(float(one[0]), self._spans[name][0]),
                min(float(one[1]), self._spans[name][1]),
            )
            for name, one in found.items()
        }


class EntropyCollector(HistogramCollector):  # type: ignore[misc]
    """ONNX Runtime's, with its loops over bins in numpy: 20 times as fast, and the same result."""

    @override
    def get_entropy_threshold(
        self, histogram: tuple[Any, ...], num_quantized_bins: int
    ) -> tuple[Any, Any]:
        counts, edges, low, high = histogram[:4]
        middle, half = counts.size // 2, num_quantized_bins // 2
        divergences = [
            _divergence(counts, middle - i, min(middle + i + 1, counts.size), num_quantized_bins)
            for i in range(half, middle + 1)
        ]
        best = half + int(np.argmin(divergences))
        least, most = edges[middle - best], edges[min(middle + best + 1, counts.size)]
        return max(least, low), min(most, high)


def _divergence(counts: NDArray[np.int64], start: int, end: int, steps: int) -> float:
    """Of the values between two bins (others moved to the ends) when rounded to so many steps."""
    inside = counts[start:end]
    whole = inside.copy()
    whole[0] += counts[:start].sum()
    whole[-1] += counts[end:].sum()
    each = len(inside) // steps
    sums = np.add.reduceat(inside, each * np.arange(steps))
    taken = (whole[: each * steps] != 0).reshape(steps, each).sum(axis=1)
    level = np.where(taken > 0, sums / np.maximum(taken, 1), 0).astype(np.int64)
    rounded = np.zeros_like(whole)
    rounded[: each * steps] = np.repeat(level, each)
    one, other = smooth_distribution(whole), smooth_distribution(rounded)
    return np.inf if one is None or other is None else float(entropy(one, other))


class Reader:
    """Hands batches to ONNX Runtime's calibrators, which ask until there are none."""

    def __init__(self, batches: Sequence[Values]) -> None:
        self._batches = iter(batches)

    def get_next(self) -> dict[str, Values] | None:
        """The next batch, None after the last."""
        batch = next(self._batches, None)
        return None if batch is None else {INPUT: batch}


def _histogram(counts: NDArray[np.int64], low: np.float32, high: np.float32) -> tuple[Any, ...]:
    """One as ONNX Runtime keeps it: of equal bins on both sides of zero."""
    most = np.float32(max(abs(low), abs(high)))
    edges = np.linspace(-most, most, len(counts) + 1, dtype=np.float32)
    return counts, edges, low, high, most
