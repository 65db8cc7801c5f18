"""TensorRT: an engine for the GPU of the run's device, in any precision."""

from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.export.formats.format import Built, Images, Logits, Trained

if TYPE_CHECKING:
    from hwnas.devices.device import Device


class TensorrtFormat:
    """`model.fp16.engine` and the like, with a `.json` beside each that says for what it is."""

    name, package = "tensorrt", "tensorrt"
    loader: str | None = None
    most_images: int | None = 4  # the device is asked for each batch in a process of its own

    def build(self, trained: Trained, precision: str) -> Built:
        """Has the device build it, and compares it with its ONNX file on one batch.

        Raises:
            HwnasError: the device builds no engines, failed, or built another network.
        """
        from hwnas.core.errors import DeviceError
        from hwnas.devices.engine import SUFFIX
        from hwnas.export.engine import checked_engine
        from hwnas.latency.engine import builds_engines

        device = trained.device
        if not builds_engines(device):
            raise DeviceError(
                f"an engine is built by the GPU that it is for, and {device.name} has 'runtime: "
                f"{device.runtime}'; name a device with 'runtime: tensorrt' in the config"
            )
        engine = checked_engine(
            device.model_copy(update={"precision": precision}),
            trained.onnx(precision),
            trained.dataset.test.images,
            cache=trained.cache(),
            conventions=trained.module.conventions,
        )
        stem = f"model.{precision}"
        files = {f"{stem}{end}": content for end, content in engine.built.files.items()}
        return Built(precision, files, f"{stem}{SUFFIX}")

    def logits(self, folder: Path, built: Built, trained: Trained, images: Images) -> Logits:
        """By the device."""
        import numpy as np

        from hwnas.data import to_input
        from hwnas.devices.engine import Engine
        from hwnas.devices.target import open_target

        batch, size = trained.device.batch, len(images)
        order = np.arange(-(-size // batch) * batch) % size
        inputs = to_input(images[order], trained.module.conventions).contiguous().numpy()
        with open_target(trained.device) as target:
            target.add("engine", Engine((folder / built.runs).read_bytes()))
            parts = [
                target.outputs(["engine"], part.ravel().tolist())[0]
                for part in inputs.reshape(-1, batch, *inputs.shape[1:])
            ]
        logits = np.asarray(parts, np.float32)
        return logits.reshape(len(order), -1)[:size]

    def timed_on(self, device: "Device") -> bool:
        """The device that built it."""
        return device.runtime_spec.builds_engines


TENSORRT = TensorrtFormat()
