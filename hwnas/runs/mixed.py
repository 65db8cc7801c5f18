"""Whether a network is better off with some of its int8 file in float, on the run's own device."""

from dataclasses import dataclass, field
from typing import Any

from hwnas.data import Split
from hwnas.export.for_device import DeviceFile, as_shipped
from hwnas.export.int8.mixed import float_parts, mixed_model
from hwnas.export.int8.quantised import JUDGED
from hwnas.export.verification import onnx_right
from hwnas.latency.engine import builds_engines
from hwnas.networks.blocks import Network
from hwnas.networks.modules import NetworkModule
from hwnas.runs.on_device import SCREENING, OnDevice

FASTER = 0.98
"""Of the latency of the whole int8 file and of the fp32 file: what a mixed one may take."""
_WHOLE, _FP32 = "int8", "fp32"


@dataclass(frozen=True)
class Mixed:
    """What leaving parts of an int8 file in float comes to.

    Attributes:
        ms: latencies measured side by side: "int8", "fp32", and each part that was left in float.
        part: the fastest of these, where it is faster than both files and no less accurate.
        accuracy: of its file on validation images, in %; None where none is faster.
        model: its file.
    """

    ms: dict[str, float]
    part: str | None = None
    accuracy: float | None = None
    model: bytes | None = field(default=None, repr=False)

    @property
    def text(self) -> str | None:
        """A sentence on a file that is offered; None where there is none."""
        if self.part is None:
            return None
        return (
            f"model.mixed.onnx, int8 with {self.part} in float, takes {self.ms[self.part]:.4g} ms "
            f"instead of {self.ms[_WHOLE]:.4g} ms, and {self.ms[_FP32]:.4g} ms in fp32"
        )

    def to_dict(self) -> dict[str, Any]:
        """For `verification.json`."""
        return {
            "measured_ms": self.ms,
            "in_float": self.part,
            "validation_accuracy": self.accuracy,
        }


def mixed_file(
    on: OnDevice,
    made: DeviceFile,
    network: Network,
    validation: Split,
    module: NetworkModule,
    image_input: str,
    name: str,
) -> Mixed | None:
    """Measures the int8 file of a network with parts in float beside it and its fp32 file.

    Args:
        on: the run's own device.
        made: its files.
        network: the blocks.
        validation: images to judge a faster one by.
        module: with the conventions of the network.
        image_input: what its files take.
        name: what the network is called meanwhile.

    Returns:
        None for a file that is not int8, or one of integers all the way; and on devices that build
        engines, which fuse as they like.

    Raises:
        DeviceError: the device failed.
    """
    recipe, parts = on.device.int8_recipe, float_parts(network)
    if made.int8 is None or recipe is None or not parts or builds_engines(on.device):
        return None
    models: dict[str, bytes] = {_WHOLE: made.model, _FP32: made.fp32}
    for part, nodes in parts.items():
        mixed = mixed_model(made.int8, network, recipe, made.batch, nodes)
        models[part] = as_shipped(mixed, module, image_input)
    bench = on.files(models, SCREENING)
    readings = on.measure(bench, f"measuring parts of the {name} in float")
    ms = {part: reading.ms for part, reading in readings.items()}
    fastest = min(parts, key=lambda part: ms[part])
    if ms[fastest] > FASTER * min(ms[_WHOLE], ms[_FP32]):
        return Mixed(ms)
    right = onnx_right(
        models[fastest], validation.sample(JUDGED), batch=made.batch, conventions=module.conventions
    )
    accuracy = 100 * float(right.mean())
    if accuracy < made.int8.chosen.accuracy:
        return Mixed(ms, None, accuracy)
    return Mixed(ms, fastest, accuracy, models[fastest])
