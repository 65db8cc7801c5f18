"""The winner as an engine: built on its device, and run there on test images once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.device import Device
from devices.errors import HwnasError
from hwnas.data import to_input
from hwnas.export.verification import onnx_logits
from latency.engine import BuiltEngine, build_engine, relative_difference

MOST_DIFFERENCE = 0.1
"""Of a logit, relative to the largest: more is another network.

Kernels of a GPU round float32 to TF32 and add in half precision, and int8 rounds at other places
than on the processor: some percent. An engine of the wrong weights differs by its whole logits.
"""


@dataclass(frozen=True)
class CheckedEngine:
    """An engine, and how far it is from the ONNX file that it was built from.

    Attributes:
        built: the engine.
        difference: the largest of a logit on a batch of test images, relative to the largest logit.
    """

    built: BuiltEngine
    difference: float


def checked_engine(
    device: Device, model: bytes, images: NDArray[np.uint8], *, cache: bytes
) -> CheckedEngine:
    """Builds the engine of an exported model on a device and compares what both compute.

    Args:
        device: one that `builds_engines`.
        model: the exported ONNX file, of the device's batch.
        images: (N, H, W, 3) test images; a batch is used, the first again where there are fewer.
        cache: of the device's table.

    Raises:
        HwnasError: the engine computes something else.
        DeviceError: the device failed.
    """
    batch = images[np.arange(device.batch) % len(images)]
    expected = onnx_logits(model, batch, device.batch)
    values = to_input(batch).contiguous().numpy().ravel().tolist()
    built = build_engine(device, model, values, cache=cache)
    difference = relative_difference(built.outputs, expected.ravel().tolist())
    if not difference <= MOST_DIFFERENCE:
        raise HwnasError(
            f"the engine that {device.name} built computes logits that differ by "
            f"{difference:.0%} of the largest from those of its ONNX file; nothing was exported: "
            "update TensorRT there, or use 'precision: fp32'"
        )
    return CheckedEngine(built, difference)
