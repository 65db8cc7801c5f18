"""Formats of exported networks, by the names that `hwnas export --format` uses."""

from typing import TYPE_CHECKING

from hwnas.core.registry import Registry

if TYPE_CHECKING:
    from hwnas.export.formats.format import Format

FORMATS: "Registry[Format]" = Registry(
    "format",
    "hwnas.formats",
    {
        "onnx": "hwnas.export.formats.onnx:ONNX",
        "ort": "hwnas.export.formats.ort:ORT",
        "pytorch": "hwnas.export.formats.pytorch:PYTORCH",
        "tensorrt": "hwnas.export.formats.tensorrt:TENSORRT",
        "litert": "hwnas.export.formats.litert:LITERT",
    },
)
