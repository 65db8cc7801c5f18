"""Calibration: what each tensor of a network spans on real images, for its int8 version.

Outliers widen a range, and so make the steps of all other values coarser: methods differ in how
much of them they leave out. Which is best depends on the network, and is judged on images.
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import onnx
from numpy.typing import NDArray

from hwnas.core.workspace import job_folder
from hwnas.data import Split, to_input
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.networks.quantize import Ranges

if TYPE_CHECKING:  # takes 0.3 s to import, as what it imports does
    from hwnas.export.int8.histograms import Histograms

# More change the least and greatest values little and take their time.
IMAGES = 256
_MOST_VALUES = 400_000_000
"""That are counted in histograms, some ten nanoseconds each; of large maps fewer images are."""


class Calibration:
    """The ranges of the tensors of a network on some images, by each method.

    Attributes:
        methods: by name, the cheapest first.
    """

    def __init__(
        self,
        model: onnx.ModelProto,
        split: Split,
        conventions: Conventions = USUAL,
        tensors: Iterable[str] | None = None,
    ) -> None:
        """Takes an fp32 model of a fixed batch; computes nothing yet.

        Args:
            model: of fp32 and a fixed batch.
            split: images to calibrate with, best those it was trained on; evenly chosen ones are
                used.
            conventions: of the network.
            tensors: those that other methods than the least and greatest value look at; the others
                have these.
        """
        self._model, self._split, self._conventions = model, split, conventions
        self._tensors = None if tensors is None else set(tensors)
        self.methods: dict[str, Callable[[], Ranges]] = {
            "min-max": lambda: self.least_and_greatest,
            "percentile": lambda: {**self.least_and_greatest, **self._histograms.percentile()},
            "entropy": lambda: {**self.least_and_greatest, **self._histograms.entropy()},
        }

    @cached_property
    def least_and_greatest(self) -> Ranges:
        """The least and greatest value of every tensor, by ONNX Runtime."""
        from onnxruntime.quantization.calibrate import MinMaxCalibrater

        from hwnas.export.int8.histograms import Reader

        with job_folder() as folder:
            path = folder / "model.onnx"
            onnx.save(self._model, path)
            calibrator = MinMaxCalibrater(
                str(path), augmented_model_path=str(folder / "augmented.onnx")
            )
            calibrator.augment_graph()
            calibrator.create_inference_session()
            calibrator.collect_data(Reader(self._batches))
            spans = calibrator.compute_data()
        return {
            name: (float(np.min(span.lowest)), float(np.max(span.highest)))
            for name, span in spans.items()
        }

    @cached_property
    def _histograms(self) -> "Histograms":
        from hwnas.export.int8.histograms import Histograms

        spans = self.least_and_greatest
        names = spans if self._tensors is None else self._tensors & spans.keys()
        wanted = {name: spans[name] for name in names}
        values = self._values(wanted) * len(self._batches)
        few = self._batches[:: max(1, -(-values // _MOST_VALUES))]
        return Histograms(self._model, few, wanted)

    def _values(self, names: Iterable[str]) -> int:
        """How many values some tensors have for one batch."""
        shaped = onnx.shape_inference.infer_shapes(self._model).graph
        shapes = {
            one.name: [size.dim_value for size in one.type.tensor_type.shape.dim]
            for one in (*shaped.input, *shaped.value_info, *shaped.output)
        }
        return sum(int(np.prod(shapes[name])) for name in names if name in shapes)

    @cached_property
    def _batches(self) -> list[NDArray[np.float32]]:
        batch = self._model.graph.input[0].type.tensor_type.shape.dim[0].dim_value
        count = min(IMAGES, len(self._split))
        # The images are ordered by class; the last batch is filled up from the start.
        chosen = np.linspace(0, len(self._split) - 1, -(-count // batch) * batch)
        pixels = self._split.images[chosen.round().astype(int)]
        inputs = to_input(pixels, self._conventions).contiguous().numpy()
        return list(inputs.reshape(-1, batch, *inputs.shape[1:]))
