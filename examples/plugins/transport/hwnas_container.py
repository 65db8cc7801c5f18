"""A transport for hwnas: a running container, by `docker exec` (or `podman exec`).

What can run a script on the target needs no more than a carrier: `RemoteFolder` does the rest. The
container needs a POSIX shell, find and tar, and for the agent python a python3 with onnxruntime.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from hwnas.core.errors import DeviceError, ProgramError
from hwnas.devices.device import Device
from hwnas.devices.transports import TransportSpec
from hwnas.devices.transports.remote import RemoteFolder

# How messages of docker and podman themselves begin.
_OWN = ("Error response from daemon", "Error: ", "Cannot connect to the Docker daemon")


class ContainerTransport(RemoteFolder):
    """A working folder in a container."""

    def __init__(self, device: Device, folder: Path) -> None:
        """Takes a device, and a private folder on this machine, which it does not need."""
        del folder
        super().__init__(device, ContainerCarrier(device))


class ContainerCarrier:
    """Runs scripts in a container."""

    folder = "/tmp/hwnas"

    def __init__(self, device: Device) -> None:
        """Reads the device's options.

        Raises:
            DeviceError: docker, or the program that is named in its place, is not installed.
        """
        self._name = device.name
        self._program = str(device.options.get("program", "docker"))
        self._container = str(device.options["container"])
        if shutil.which(self._program) is None:
            raise DeviceError(
                f"the program {self._program} is not installed; install it, or set "
                "'options.program' to another one, such as podman"
            )

    def command(self, script: str) -> Sequence[str]:
        """What to start on this machine, so that a shell in the container runs a script."""
        return [self._program, "exec", "-i", self._container, "sh", "-c", script]

    def link_error(self, error: ProgramError) -> str | None:
        """What docker itself says; None where the program in the container failed."""
        own = [line for line in error.lines if line.startswith(_OWN)]
        return own[0] if own else error.last_line if error.code < 0 else None

    def advice(self, message: str) -> str | None:
        """How to fix it: a container that does not run does not come back by itself."""
        del message
        return f"run '{self._program} ps' and start {self._container}"

    def unreachable(self, message: str, advice: str | None) -> str:
        """The sentence for a container that cannot be reached."""
        return f"cannot reach {self._name}: {message}; {advice}"

    def close(self) -> None:
        """Does nothing: the container is the user's."""


SPEC = TransportSpec(
    "container", ContainerTransport, options=("container", "program"), required=("container",)
)
