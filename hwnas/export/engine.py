"""The winner as an engine: built on its device, and run there on test images once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import HwnasError
from hwnas.data import to_input
from hwnas.devices.device import Device
from hwnas.export.verification import onnx_logits
from hwnas.latency.engine import BuiltEngine, build_engine, relative_difference
from hwnas.networks.conventions import USUAL, Conventions

MOST_DIFFERENCE, DOUBTFUL = 0.5, 0.1
"""Of a logit, relative to the largest: more than the first is another network.

Kernels of a GPU round float32 to TF32, add in half precision, and round int8 at other places than
the processor: some percent, over many layers more. An engine of wrong weights differs by whole
logits.
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

    @property
    def doubtful(self) -> bool:
        """Whether it differs by more than rounding explains well."""
        return self.difference > DOUBTFUL


def checked_engine(
    device: Device,
    model: bytes,
    images: NDArray[np.uint8],
    *,
    cache: bytes,
    conventions: Conventions = USUAL,
) -> CheckedEngine:
    """Builds the engine of an exported model on a device and compares what both compute.

    Args:
        device: one that `builds_engines`.
        model: the exported ONNX file, of the device's batch.
        images: (N, 3, H, W) test images; a batch is used, the first again where there are fewer.
        cache: of the device's table.
        conventions: of the network.

    Raises:
        HwnasError: the engine computes something else.
        DeviceError: the device failed.
    """
    batch = images[np.arange(device.batch) % len(images)]
    expected = onnx_logits(model, batch, device.batch, conventions)
    values = to_input(batch, conventions).contiguous().numpy().ravel().tolist()
    built = build_engine(device, model, values, cache=cache)
    difference = relative_difference(built.outputs, expected.ravel().tolist())
    if not difference <= MOST_DIFFERENCE:
        raise HwnasError(
            f"the engine that {device.name} built computes logits that differ by "
            f"{difference:.0%} of the largest from those of its ONNX file; nothing was exported: "
            "update TensorRT there, or use 'precision: fp32'"
        )
    return CheckedEngine(built, difference)
