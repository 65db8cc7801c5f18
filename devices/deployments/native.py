"""The native agent, a program in C: it is sent in a bundle, to targets without Python."""

import platform
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from hwnas.core.errors import DeviceError
from hwnas.devices.bundle import Bundle, find_bundle, read_bundle
from hwnas.devices.device import Device


class NativeDeployment:
    """Sends the bundle that the device names, or the one made for its architecture."""

    profiles: ClassVar[bool] = False

    def __init__(self, device: Device) -> None:
        """Takes the device."""
        self._device = device

    def units(self, folder: Path) -> Mapping[str, Path]:
        """The bundle."""
        del folder
        return {self._bundle.unit: self._bundle.folder}

    def command(self) -> Sequence[str]:
        """The command in the bundle's `bundle.json`."""
        return self._bundle.command

    def identity(self) -> str:
        """Its name with a hash of the bundle's libraries: two builds of one version differ in time.

        The agent itself is left out, so that a new one does not make tables useless.
        """
        return f"native {self._bundle.libraries}"

    def missing(self, message: str) -> str:
        """How to get a bundle that runs on the target."""
        return (
            f"the bundle for {self._bundle.manifest.arch} does not run on {self._device.name} "
            f"({message}): set 'arch' to what 'uname -m' says there, or make a bundle by hand, as "
            "docs/guides/device.md says"
        )

    @cached_property
    def _bundle(self) -> Bundle:
        if self._device.bundle:
            return read_bundle(Path(self._device.bundle).expanduser())
        arch = self._device.arch or platform.machine()
        found = find_bundle(arch)
        if found is None:
            raise DeviceError(
                f"there is no bundle for {arch} yet, or it is of another version of hwnas or ONNX "
                f"Runtime: run 'hwnas devices bundle --arch {arch}'"
            )
        return found
