"""ONNX: the graph of the one builder in any precision, for ONNX Runtime and all that read ONNX."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.export.formats.format import Built, Images, Logits, Trained

if TYPE_CHECKING:
    from hwnas.devices.device import Device


class OnnxFormat:
    """`model.fp32.onnx` and the like."""

    name, package = "onnx", "onnxruntime"
    loader: str | None = "hwnas.export.formats.onnx:load_session"
    most_images: int | None = None

    def build(self, trained: Trained, precision: str) -> Built:
        """The file for the run's device, as `hwnas.export.for_device` makes it."""
        name = f"model.{precision}.onnx"
        return Built(precision, {name: trained.onnx(precision)}, name, _NOTES.get(precision, ""))

    def logits(self, folder: Path, built: Built, trained: Trained, images: Images) -> Logits:
        """By ONNX Runtime on this machine."""
        return session_logits(folder / built.runs, trained, images)

    def timed_on(self, device: "Device") -> bool:
        """A device that builds engines times those."""
        return not device.runtime_spec.builds_engines


ONNX = OnnxFormat()

_NOTES = {
    "fp16": "half the size on the disk; on most processors ONNX Runtime turns it into float32 when "
    "it loads it, and is no faster",
}


def session_logits(path: Path, trained: Trained, images: Images) -> Logits:
    """What a file for ONNX Runtime computes of (N, 3, R, R) images, on this machine."""
    from hwnas.export.verification import file_logits

    conventions, batch = trained.module.conventions, trained.device.batch
    return file_logits(path, images, batch, conventions, of_bytes=trained.of_bytes)


def load_session(
    threads: int, precision: str, shape: tuple[int, ...]
) -> Callable[[Path], Callable[[], object]]:
    """ONNX Runtime, with sessions as the table's blocks are timed in."""
    del precision, shape  # the file says both
    from hwnas.devices.runtimes.onnxruntime import (
        CPU,
        OnnxRuntimeGraph,
        open_session,
        session_options,
    )

    def load(path: Path) -> Callable[[], object]:
        return OnnxRuntimeGraph(open_session(path, session_options(threads), CPU), CPU).infer

    return load
