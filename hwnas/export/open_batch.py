"""A model of a fixed batch → the same for any number of images."""

import numpy as np
import onnx
from numpy.typing import NDArray

from hwnas.core.errors import HwnasError
from hwnas.export.image_input import as_taken, takes_bytes
from hwnas.export.verification import onnx_logits
from hwnas.networks.conventions import USUAL, Conventions
from hwnas.networks.graph import INPUT

AXIS = "batch"
"""The name of the open axis."""

# Of a logit, relative to the largest: kernels for several images add in another order, and where
# tensors are rounded to a lower precision, a sum may then fall on the other side of a step.
_MOST_DIFFERENCE = {"fp32": 1e-4, "fp16": 0.02, "int8": 0.1}


def with_open_batch(model: bytes) -> bytes:
    """The same graph whose first axis, of the images and of the logits, is any number."""
    opened = onnx.ModelProto.FromString(model)
    graph = opened.graph
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = AXIS
    del graph.value_info[:]  # of the fixed batch; runtimes infer them
    content: bytes = opened.SerializeToString()
    return content


def check_open_batch(
    opened: bytes,
    fixed: bytes,
    images: NDArray[np.uint8],
    *,
    batch: int,
    precision: str,
    conventions: Conventions = USUAL,
) -> None:
    """Compares a model of any batch, run on three images at once, with the one of a fixed batch.

    Args:
        opened: what `with_open_batch` made of `fixed`.
        fixed: a model of a batch.
        images: (N, 3, H, W) some images.
        batch: of `fixed`.
        precision: of both.
        conventions: of the network.

    Raises:
        HwnasError: they compute something else.
    """
    import onnxruntime

    some = images[np.arange(3) % len(images)]
    session = onnxruntime.InferenceSession(opened, providers=["CPUExecutionProvider"])
    inputs = as_taken(some, takes_bytes(fixed), conventions)
    one = np.asarray(session.run(None, {INPUT: inputs})[0])
    other = onnx_logits(fixed, some, batch, conventions)
    difference = float(np.abs(one - other).max() / max(1.0, float(np.abs(other).max())))
    if one.shape != other.shape or not difference <= _MOST_DIFFERENCE[precision]:
        raise HwnasError(
            f"the model for any batch computes logits that differ by {difference:.2g} of the "
            "largest from those of the fixed one; nothing was exported, please report this"
        )
