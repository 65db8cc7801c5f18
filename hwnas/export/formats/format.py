"""Format: a kind of file that a trained network is shipped as.

The files of this folder import what they need when they are used: the process that measures a file
(`hwnas.latency.process_cost`) imports them, too, and its memory is to be that of one runtime.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from hwnas.data import ImageDataset
    from hwnas.devices.device import Device
    from hwnas.networks.modules import NetworkModule

Images = NDArray[np.uint8]
"""(N, 3, R, R)."""
Logits = NDArray[np.float32]
"""(N, classes)."""


@dataclass(frozen=True)
class Trained:
    """A trained network, and what formats are made from.

    Attributes:
        module: with its weights, in eval mode.
        dataset: its images, at its own resolution.
        folder: its export, with `model.safetensors` and `config.json`.
        device: that it is for; says batch and int8 recipe.
        onnx: the ONNX file for the device in a precision, whatever the device's own is.
        cache: of the device's runtime, see `LatencyTable.cache`.
    """

    module: "NetworkModule"
    dataset: "ImageDataset"
    folder: Path
    device: "Device"
    onnx: Callable[[str], bytes]
    cache: Callable[[], bytes] = bytes

    @cached_property
    def of_bytes(self) -> bool:
        """Whether the ONNX files take the bytes of images; the model is parsed once."""
        from hwnas.export.image_input import takes_bytes

        return takes_bytes(self.onnx(self.device.precision))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of an input."""
        first = self.module.blocks[0]
        return (self.device.batch, first.in_channels, first.resolution, first.resolution)


@dataclass(frozen=True)
class Built:
    """The files of one format and precision.

    Attributes:
        precision: one of them.
        files: by name, all that is shipped.
        runs: the name of the file that a program loads.
        note: what to know of it, a sentence; "" for nothing.
    """

    precision: str
    files: Mapping[str, bytes]
    runs: str
    note: str = ""


class Format(Protocol):
    """A kind of file. `hwnas.export.formats` knows all of them: one file and one line each.

    Attributes:
        name: what `--format` calls it.
        package: the distribution whose version its files depend on.
        loader: what loads its files in a process of their own, see
            `hwnas.latency.process_cost.Program`; None where that is the device's work.
        most_images: on how many images a file is tried; None for all of them.
    """

    name: str
    package: str
    loader: str | None
    most_images: int | None

    def build(self, trained: Trained, precision: str) -> Built:
        """Makes the files of a precision.

        Raises:
            HwnasError: it has no such precision, or cannot be made here; says why.
        """

    def logits(self, folder: Path, built: Built, trained: Trained, images: Images) -> Logits:
        """What the files in a folder compute of some images.

        Raises:
            HwnasError: they cannot be run here; says why.
        """

    def timed_on(self, device: "Device") -> bool:
        """Whether a device itself loads and times its files, as it does the graphs of a table."""
