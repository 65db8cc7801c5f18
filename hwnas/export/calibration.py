"""Calibration: what each tensor of a network spans on real images, for its int8 version."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from hwnas.core.workspace import job_folder
from hwnas.data import Split, to_input
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.networks.graph import INPUT
from hwnas.networks.quantize import Ranges

# More change the least and greatest values little and take their time.
IMAGES = 256


def calibrate(model: onnx.ModelProto, split: Split, conventions: Conventions = USUAL) -> Ranges:
    """The least and greatest value of every tensor over some images, by ONNX Runtime.

    Args:
        model: an fp32 model of a fixed batch.
        split: images to calibrate with, best those it was trained on; evenly chosen ones are used.
        conventions: of the network.
    """
    from onnxruntime.quantization.calibrate import CalibrationMethod, create_calibrator

    with job_folder() as folder:
        path = folder / "model.onnx"
        onnx.save(model, path)
        calibrator = create_calibrator(
            str(path),
            augmented_model_path=str(folder / "augmented.onnx"),
            calibrate_method=CalibrationMethod.MinMax,
        )
        calibrator.collect_data(_Images(model, split, conventions))
        spans = calibrator.compute_data()
    return {
        name: (float(np.min(span.lowest)), float(np.max(span.highest)))
        for name, span in spans.items()
    }


class _Images:
    """Batches for ONNX Runtime's calibrator, which asks until there are none."""

    def __init__(self, model: onnx.ModelProto, split: Split, conventions: Conventions) -> None:
        batch = model.graph.input[0].type.tensor_type.shape.dim[0].dim_value
        count = min(IMAGES, len(split))
        # The images are ordered by class; the last batch is filled up from the start.
        chosen = np.linspace(0, len(split) - 1, -(-count // batch) * batch).round().astype(int)
        inputs = to_input(split.images[chosen], conventions).contiguous().numpy()
        self._batches: Iterator[NDArray[Any]] = iter(inputs.reshape(-1, batch, *inputs.shape[1:]))

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        """The next batch, None after the last."""
        batch = next(self._batches, None)
        return None if batch is None else {INPUT: batch}
