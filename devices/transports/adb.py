"""Android over adb, by the `adb` program: its server, its keys and its list of devices."""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.core.errors import DeviceError, ProgramError
from hwnas.devices.transports.remote import RemoteFolder

if TYPE_CHECKING:
    from hwnas.devices.device import Device

# Begins what adb itself says; what a program there says comes through it unchanged.
_OWN_WORDS = ("error: ", "adb: ", "- waiting for device -")
_FIXED = "cmd power set-fixed-performance-mode-enabled"
_MENDS = {
    "insufficient permissions": "let this user use it: see Android's page on setting up a device",
    "unauthorized": "unlock the phone and allow debugging from this computer",
    "offline": "plug it in again, or run 'adb reconnect'",
    "no devices": "plug it in with USB debugging on, or run 'adb connect ADDRESS'",
    "not found": "see 'adb devices', and 'serial'",
    "more than one": "set 'serial' to one of 'adb devices'",
}


class AdbTransport(RemoteFolder):
    """A working folder on an Android device."""

    def __init__(self, device: "Device", folder: Path) -> None:
        """Takes a device, with a serial where several are connected."""
        del folder
        super().__init__(device, AdbCarrier(device))
        self._fixed = device.fixed_performance

    def connect(self) -> None:
        """Also holds the clocks where the device asks for it."""
        super().connect()
        if self._fixed:
            self._fix()

    def push(self, units: Mapping[str, Path]) -> None:
        """Before each job: also holds the clocks again, which another process may have let go."""
        super().push(units)
        if self._fixed:
            self._fix()

    def _fix(self) -> None:
        try:
            self._shell(f"{_FIXED} true")
        except ProgramError as error:
            raise DeviceError(
                f"{self._name} has no fixed-performance mode (Android 11 and later have it): leave "
                "out 'fixed_performance'"
            ) from error

    def close(self) -> None:
        """Also gives the clocks back, unless another process measures there."""
        if self._fixed and self._connected:
            with suppress(DeviceError):  # gone; a restart of the phone ends the mode too
                if not self.others():
                    self._shell(f"{_FIXED} false")
        super().close()


class AdbCarrier:
    """Runs scripts on an Android device; see `hwnas.devices.transports.remote.Carrier`."""

    folder = "/data/local/tmp/hwnas"

    def __init__(self, device: "Device") -> None:
        """Raises DeviceError when there is no adb program."""
        if shutil.which("adb") is None:
            raise DeviceError(
                "there is no program adb here; install Android's platform tools (Debian and "
                "Ubuntu: apt install adb)"
            )
        self._name = device.name
        self._words = ["adb", *(["-s", device.serial] if device.serial else [])]

    def command(self, script: str) -> Sequence[str]:
        """Without a terminal (-T), so that input and output pass as they are."""
        return [*self._words, "shell", "-T", script]

    def link_error(self, error: ProgramError) -> str | None:
        """The first line that adb says itself; a signal means that it was killed here."""
        own = [line for line in error.lines if line.startswith(_OWN_WORDS)]
        return own[0] if own else error.said if error.code < 0 else None

    def mend(self, said: str) -> str | None:
        """By what adb says."""
        return next((mend for part, mend in _MENDS.items() if part in said), None)

    def unreachable(self, said: str, mend: str | None) -> str:
        """What adb said, and its mend."""
        said = said.removeprefix("error: ")
        return f"cannot reach {self._name} by adb: {said}; " + (
            mend or "see whether 'adb shell' works"
        )

    def close(self) -> None:
        """The server is the user's."""
