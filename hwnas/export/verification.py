"""Verification: does the exported file compute what the trained module computes?"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from hwnas.core.errors import HwnasError
from hwnas.core.workspace import job_folder
from hwnas.data import Split, to_input
from hwnas.devices.runtimes import load_runtime
from hwnas.export.image_input import as_taken, takes_bytes
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.networks.trainable import Trainable

# Both sides compute in float32 in another order; more than this is another network. Of logits
# beyond 1 it is a share, as rounding is.
MOST_DIFFERENCE = 1e-4
_BATCH = 256


@dataclass(frozen=True, eq=False)
class Answers:
    """What an exported file says of N images.

    Attributes:
        chosen: (N,) the class of each, as its number.
        confidence: (N,) the probability (softmax) that the file gives that class.
        labels: (N,) the class that each image is of.
    """

    chosen: NDArray[np.int64]
    confidence: NDArray[np.float32]
    labels: NDArray[np.int64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """(N,) on which of the images the file is right."""
        right: NDArray[np.bool_] = self.chosen == self.labels
        return right


@dataclass(frozen=True)
class NumericalCheck:
    """The exported file on test images, in the runtime of this machine.

    Attributes:
        images: how many.
        max_abs_diff: the largest difference of a logit from PyTorch's, of the fp32 file.
        answers: of the exported file, fp32 or int8, on each of them.
    """

    images: int
    max_abs_diff: float
    answers: Answers = field(compare=False)

    @property
    def right(self) -> NDArray[np.bool_]:
        """(N,) on which of the images the exported file is right."""
        return self.answers.right

    @property
    def accuracy(self) -> float:
        """Of the exported file, in percent."""
        return 100 * float(self.right.mean())


def check_numbers(model: bytes, module: Trainable, split: Split, *, batch: int) -> NumericalCheck:
    """Runs an exported model and its module on the same images.

    Args:
        model: a serialised ONNX model of a fixed batch.
        module: the module it was made from; left in eval mode.
        split: images with labels.
        batch: the model's batch size.

    Raises:
        HwnasError: the outputs differ by more than 1e-4, or 1e-4 of the largest logit.
    """
    logits = onnx_logits(model, split.images, batch, module.conventions)
    expected = module_logits(module, split.images)
    difference = float(np.abs(logits - expected).max())
    allowed = MOST_DIFFERENCE * max(1.0, float(np.abs(expected).max()))
    if not difference <= allowed:
        raise HwnasError(
            f"the exported network differs from PyTorch's by {difference:.2g} "
            f"(allowed: {allowed:.2g}), nothing was exported; please report this"
        )
    return NumericalCheck(len(split), difference, _answers(logits, split))


def module_logits(module: Trainable, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(N, classes) what a module computes of (N, 3, H, W) images; it is left in evaluation mode."""
    module.eval()
    with torch.inference_mode():
        parts = [
            module(to_input(images[start : start + _BATCH], module.conventions))
            for start in range(0, len(images), _BATCH)
        ]
        logits: NDArray[np.float32] = torch.cat(parts).numpy()
    return logits


def onnx_answers(
    model: bytes, split: Split, *, batch: int, conventions: Conventions = USUAL
) -> Answers:
    """What an exported file says of some images.

    Args:
        model: a serialised ONNX model of a fixed batch.
        split: images with labels.
        batch: the model's batch size.
        conventions: of the network.
    """
    return _answers(onnx_logits(model, split.images, batch, conventions), split)


def onnx_right(
    model: bytes, split: Split, *, batch: int, conventions: Conventions = USUAL
) -> NDArray[np.bool_]:
    """(N,) on which of some images an exported file is right, see `onnx_answers`."""
    return onnx_answers(model, split, batch=batch, conventions=conventions).right


def _answers(logits: NDArray[np.float32], split: Split) -> Answers:
    # The probability of the largest logit is 1 / Σ exp(logit − largest).
    below = logits - logits.max(axis=1, keepdims=True)
    confidence = (1 / np.exp(below).sum(axis=1)).astype(np.float32)
    return Answers(logits.argmax(axis=1), confidence, split.labels)


def onnx_logits(
    model: bytes, images: NDArray[np.uint8], batch: int, conventions: Conventions = USUAL
) -> NDArray[np.float32]:
    """(N, classes) what an exported model of a batch computes of (N, 3, H, W) images."""
    of_bytes = takes_bytes(model)
    with job_folder() as folder:
        path = folder / "model.onnx"
        path.write_bytes(model)
        return file_logits(path, images, batch, conventions, of_bytes=of_bytes)


def file_logits(
    path: Path,
    images: NDArray[np.uint8],
    batch: int,
    conventions: Conventions = USUAL,
    *,
    of_bytes: bool = False,
) -> NDArray[np.float32]:
    """The same of a file: ONNX, or ONNX Runtime's own format by its name `.ort`.

    Args:
        path: the file.
        images: (N, 3, H, W).
        batch: of the file.
        conventions: of the network.
        of_bytes: whether it takes uint8 images.
    """
    graph = load_runtime("onnxruntime").load(path, threads=1)
    # The last batch is filled up with images from the start.
    order = np.arange(-(-len(images) // batch) * batch) % len(images)
    parts = [
        graph.run(as_taken(images[part], of_bytes, conventions))
        for part in order.reshape(-1, batch)
    ]
    return np.concatenate(parts)[: len(images)]
