"""A trained network → the int8 file that keeps most of its accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from hwnas.data import ImageDataset, Split, to_input
from hwnas.export.int8.aware import trained_for_int8
from hwnas.export.int8.biases import corrected_biases
from hwnas.export.int8.grids import grids
from hwnas.export.int8.plan import CALIBRATED, Int8Plan
from hwnas.export.int8.ranges import Calibration
from hwnas.export.verification import onnx_right
from hwnas.networks.blocks import Network
from hwnas.networks.folding import FoldedWeights, folded_weights
from hwnas.networks.graph import build_graph
from hwnas.networks.modules import NetworkModule
from hwnas.networks.precision import in_precision
from hwnas.networks.quantize import Ranges
from hwnas.training.evaluation import accuracy
from hwnas.training.inputs import recalibration_batch
from hwnas.training.step_progress import with_loss

JUDGED = 2000
"""Of the validation images, to tell files apart by."""
# Training images whose means biases are corrected by.
_CORRECTED = 128


@dataclass(frozen=True)
class Tried:
    """An int8 file, and how it was made.

    Attributes:
        method: as in "percentile, biases corrected".
        accuracy: on validation images, in percent.
        model: the file.
        weights: of each block, batch norm folded in.
        ranges: of every tensor.
    """

    method: str
    accuracy: float
    model: onnx.ModelProto = field(repr=False, compare=False)
    weights: Sequence[FoldedWeights] = field(repr=False, compare=False)
    ranges: Ranges = field(repr=False, compare=False)


@dataclass(frozen=True)
class QuantisedFile:
    """The best int8 file of a trained network.

    Attributes:
        chosen: what was kept.
        tried: all that was judged, in this order.
        images: validation images that it was judged on.
        fp32_accuracy: of the network itself on the same, in percent.
    """

    chosen: Tried
    tried: tuple[Tried, ...]
    images: int
    fp32_accuracy: float

    @property
    def model(self) -> bytes:
        """The ONNX file."""
        content: bytes = self.chosen.model.SerializeToString()
        return content

    @property
    def drop(self) -> float:
        """Points of accuracy lost on the validation images; negative where int8 is better."""
        return self.fp32_accuracy - self.chosen.accuracy

    @property
    def text(self) -> str:
        """As in "percentile, 91.2 % on 1,500 validation images (fp32: 91.3 %)"."""
        return (
            f"{self.chosen.method}, {self.chosen.accuracy:.1f} % on {self.images:,} validation "
            f"images (fp32: {self.fp32_accuracy:.1f} %)"
        )

    def to_dict(self) -> dict[str, Any]:
        """For `verification.json`, under `int8`."""
        return {
            "methods": [
                {"method": one.method, "validation_accuracy": one.accuracy} for one in self.tried
            ],
            "chosen": self.chosen.method,
            "fp32_validation_accuracy": self.fp32_accuracy,
            "validation_images": self.images,
        }


def quantised(
    network: Network,
    module: NetworkModule,
    dataset: ImageDataset,
    recipe: str,
    *,
    batch: int = 1,
    plan: Int8Plan = CALIBRATED,
) -> QuantisedFile:
    """The int8 file of a trained network: the same operators as of every other, the best numbers.

    Several calibrations on training images are judged on validation images, and the best is kept
    (of equal ones the first, the cheapest); then with corrected biases. Where that still loses more
    than `plan.most_drop`, the network is trained to be rounded. The file has the graph of the
    table's blocks whatever is chosen: ranges and weights differ.

    Args:
        network: its blocks.
        module: its weights; left in evaluation mode.
        dataset: images at its resolution.
        recipe: a key of `hwnas.networks.quantize.RECIPES`.
        batch: images per inference.
        plan: how far to go.

    Raises:
        ConfigError: there is no such recipe.
        RunError: a training failed, see `hwnas.training.trainer.train`.
    """
    module.eval()
    maker = _Maker(network, module, dataset, recipe, batch)
    weights = folded_weights(module)
    tried: list[Tried] = []
    with plan.listener.progress(f"calibrating int8 of the {plan.name}", "ways") as update:
        calibrations = maker.calibration(weights).methods
        for number, (method, ranges) in enumerate(calibrations.items()):
            update(number, len(calibrations) + 1, method)
            tried.append(maker.judged(method, weights, ranges()))
        update(len(calibrations), len(calibrations) + 1, "bias correction")
        tried.append(maker.corrected(_best(tried), weights))
    best, fp32 = _best(tried), accuracy(module, maker.images)
    if fp32 - best.accuracy > plan.most_drop and plan.aware is not None:
        with plan.listener.progress(f"training the {plan.name} for int8", "steps") as update:
            trained = trained_for_int8(
                module,
                best.weights,
                grids(best.model),
                dataset.train,
                plan.aware.config,
                plan.aware.folder,
                with_loss(update),
            )
        tried.append(maker.judged(f"{best.method}, trained for int8", trained, best.ranges))
    found = QuantisedFile(_best(tried), tuple(tried), len(maker.images), fp32)
    plan.listener.say(f"int8 of the {plan.name}: {found.text}")
    return found


def _best(tried: Sequence[Tried]) -> Tried:
    return max(tried, key=lambda one: one.accuracy)


class _Maker:
    """Makes int8 files of one network, and judges them."""

    def __init__(
        self,
        network: Network,
        module: NetworkModule,
        dataset: ImageDataset,
        recipe: str,
        batch: int,
    ) -> None:
        self._network, self._module, self._recipe, self._batch = network, module, recipe, batch
        self._train: Split = dataset.train
        self.images: Split = dataset.validation.sample(JUDGED)

    def calibration(self, weights: Sequence[FoldedWeights]) -> Calibration:
        """Of some weights, on training images."""
        whole = build_graph(self._network, batch=self._batch, weights=weights)
        tensors = grids(in_precision(whole, "int8", self._recipe))
        return Calibration(whole, self._train, self._module.conventions, tensors)

    def judged(self, method: str, weights: Sequence[FoldedWeights], ranges: Ranges) -> Tried:
        """The file of some weights and ranges."""
        graph = build_graph(self._network, batch=self._batch, weights=weights)
        model = in_precision(graph, "int8", self._recipe, ranges=lambda: ranges)
        return Tried(method, 100 * float(self._right(model).mean()), model, weights, ranges)

    def corrected(self, one: Tried, weights: Sequence[FoldedWeights]) -> Tried:
        """A file with biases that make up for what rounding moves on average."""
        conventions = self._module.conventions
        count = min(_CORRECTED, recalibration_batch(self._network))
        some = to_input(self._train.sample(count).images, conventions)
        mended = corrected_biases(self._network, weights, grids(one.model), some, conventions)
        return self.judged(f"{one.method}, biases corrected", mended, one.ranges)

    def _right(self, model: onnx.ModelProto) -> NDArray[np.bool_]:
        return onnx_right(
            model.SerializeToString(),
            self.images,
            batch=self._batch,
            conventions=self._module.conventions,
        )
