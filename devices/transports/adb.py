"""Android over adb, by the `adb` program: its server, its keys and its list of devices."""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from hwnas.core.errors import DeviceError, ProgramError
from hwnas.devices.device import Device
from hwnas.devices.transports.remote import RemoteFolder

# How messages of adb itself begin; those of programs on the device come through it unchanged.
_OWN_WORDS = ("error: ", "adb: ", "- waiting for device -")
_FIXED = "cmd power set-fixed-performance-mode-enabled"
_ADVICE = {
    "insufficient permissions": "give your user access to it, as Android's page on setting up a "
    "device says",
    "unauthorized": "unlock the phone and allow debugging from this computer",
    "offline": "plug it in again, or run 'adb reconnect'",
    "no devices": "plug it in with USB debugging on, or run 'adb connect ADDRESS'",
    "not found": "run 'adb devices' and set 'serial' to one that it lists",
    "more than one": "set 'serial' to one of 'adb devices'",
}


class AdbTransport(RemoteFolder):
    """A working folder on an Android device."""

    def __init__(self, device: Device, folder: Path) -> None:
        """Takes a device; it has a serial where several are attached."""
        del folder
        super().__init__(device, AdbCarrier(device))
        self._fixed = device.fixed_performance

    def connect(self) -> None:
        """Also holds the clocks where the device's file asks for it."""
        super().connect()
        if self._fixed:
            self._fix()

    def push(self, units: Mapping[str, Path]) -> None:
        """Also holds the clocks again before each job: another process may have let them go."""
        super().push(units)
        if self._fixed:
            self._fix()

    def _fix(self) -> None:
        try:
            self._shell(f"{_FIXED} true")
        except ProgramError as error:
            raise DeviceError(
                f"{self._name} has no fixed-performance mode, which came with Android 11; leave "
                "out 'fixed_performance'"
            ) from error

    def close(self) -> None:
        """Also gives the clocks back, unless another process measures there."""
        if self._fixed and self._connected:
            with suppress(DeviceError):  # the phone is gone; its restart ends the mode, too
                if not self.others():
                    self._shell(f"{_FIXED} false")
        super().close()


class AdbCarrier:
    """Runs scripts on an Android device, a `Carrier`."""

    folder = "/data/local/tmp/hwnas"

    def __init__(self, device: Device) -> None:
        """Raises DeviceError when there is no adb program."""
        if shutil.which("adb") is None:
            raise DeviceError(
                "the program adb is not installed; install Android's platform tools (Debian and "
                "Ubuntu: apt install adb)"
            )
        self._name = device.name
        self._words = ["adb", *(["-s", device.serial] if device.serial else [])]

    def command(self, script: str) -> Sequence[str]:
        """Without a terminal (-T), so that input and output pass as they are."""
        return [*self._words, "shell", "-T", script]

    def link_error(self, error: ProgramError) -> str | None:
        """The first line of adb's own; a signal means that adb was killed on this machine."""
        own = [line for line in error.lines if line.startswith(_OWN_WORDS)]
        return own[0] if own else error.last_line if error.code < 0 else None

    def advice(self, message: str) -> str | None:
        """How to fix what adb reports."""
        return next((advice for part, advice in _ADVICE.items() if part in message), None)

    def unreachable(self, message: str, advice: str | None) -> str:
        """What adb reports, and how to fix it."""
        message = message.removeprefix("error: ")
        return f"cannot reach {self._name} by adb: {message}; " + (
            advice or "check that 'adb shell' works"
        )

    def close(self) -> None:
        """Does nothing: adb's server is the user's."""
