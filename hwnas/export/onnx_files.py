"""The ONNX files of an exported network for its device, in whatever precision is asked for."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from hwnas.data import ImageDataset
from hwnas.devices.device import Device
from hwnas.export.for_device import file_for
from hwnas.export.image_input import FLOAT, UINT8, takes_bytes
from hwnas.export.layout import MODEL
from hwnas.networks.modules import NetworkModule


def onnx_files(
    folder: Path, device: Device, module: NetworkModule, dataset: ImageDataset
) -> Callable[[str], bytes]:
    """What gives the file of a precision: the exported one where there is one, or else a new one.

    Each is made once; a new one comes about as that of a device of the same runtime would.

    Args:
        folder: the export.
        device: that it was made for.
        module: with the exported weights.
        dataset: its images, which int8 is calibrated on.
    """

    @cache
    def file(precision: str) -> bytes:
        if precision == device.precision:
            return (folder / MODEL).read_bytes()
        whole = folder / "model.fp32.onnx"
        if precision == "fp32" and whole.is_file():
            return whole.read_bytes()
        # A copy, unchecked: a runtime without kernels for a precision runs its files all the same.
        other = device.model_copy(update={"precision": precision})
        image_input = UINT8 if takes_bytes(file(device.precision)) else FLOAT
        return file_for(other, module.blocks, module, dataset, image_input).model

    return file
