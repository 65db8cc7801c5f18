"""Targets over ssh, by the `ssh` program: the user's configuration, keys and jump hosts just work.

Host keys are checked as the user's configuration says, never less. One connection serves all
commands (ControlMaster): 11 ms a command instead of 300.
"""

import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from hwnas.core.errors import DeviceError, ProgramError
from hwnas.core.workspace import temporary_folder
from hwnas.devices.device import Device
from hwnas.devices.transports.remote import RemoteFolder

_BROKEN = 255
# The connection ends by itself after a minute.
_EXIT_S = 15.0
_OPTIONS = {
    "BatchMode": "yes",  # no questions: there may be nobody to answer
    "ConnectTimeout": "15",
    "ServerAliveInterval": "5",
    "ServerAliveCountMax": "3",
    "ControlMaster": "auto",
    "ControlPersist": "60",
    # What a user's configuration may add, and would break this.
    "RemoteCommand": "none",
    "RequestTTY": "no",
    "ClearAllForwardings": "yes",
}
_ADVICE = {
    "Host key verification failed": "run 'ssh {host}' once and compare the key; if it has changed, "
    "find out why before you trust it",
    "Permission denied": "make 'ssh {host}' work without a password, by a key, and check 'user'",
    "Could not resolve": "check 'host', and the host names of your ssh configuration",
    "Connection refused": "check 'port', and that an ssh server runs there",
    "timed out": "check 'host', and that the machine is on",
}


class SshTransport(RemoteFolder):
    """A working folder on a host that ssh reaches."""

    def __init__(self, device: Device, folder: Path) -> None:
        """Takes a device with a host, and a private folder on this machine."""
        super().__init__(device, SshCarrier(device, folder))


class SshCarrier:
    """Runs scripts on a host by the ssh program, a `Carrier`."""

    folder = '"${XDG_CACHE_HOME:-$HOME/.cache}/hwnas"'

    def __init__(self, device: Device, folder: Path) -> None:
        """Takes a device, and a private folder for the socket of the shared connection.

        Raises:
            DeviceError: ssh is not installed.
        """
        if shutil.which("ssh") is None:
            raise DeviceError("the program ssh is not installed; install OpenSSH's client")
        self._name = device.name
        self._host = device.host or ""
        # The path of a socket has little more than a hundred letters, ssh's own name has sixty.
        near = len(str(folder)) <= 40
        self._own = ExitStack()
        if not near:
            made = temporary_folder(Path("/tmp"), "hwnas-ssh-", error=DeviceError)
            folder = self._own.enter_context(made)
        self._words = [
            "ssh",
            *(["-F", str(Path(device.ssh_config).expanduser())] if device.ssh_config else []),
            *(["-l", device.user] if device.user else []),
            *(["-p", str(device.port)] if device.port else []),
        ]
        for name, value in {**_OPTIONS, "ControlPath": f"{folder}/%C"}.items():
            self._words += ["-o", f"{name}={value}"]

    def command(self, script: str) -> Sequence[str]:
        """The script goes to sh, whatever the user's login shell is."""
        quoted = "'" + script.replace("'", "'\\''") + "'"
        return [*self._words, "--", self._host, f"exec sh -c {quoted}"]

    def link_error(self, error: ProgramError) -> str | None:
        """By the exit code that ssh keeps for itself; a signal means that ssh was killed."""
        return error.last_line if error.code == _BROKEN or error.code < 0 else None

    def advice(self, message: str) -> str | None:
        """How to fix what ssh reports."""
        known = (text.format(host=self._host) for part, text in _ADVICE.items() if part in message)
        return next(known, None)

    def unreachable(self, message: str, advice: str | None) -> str:
        """What ssh reports, and how to fix it."""
        return f"cannot reach {self._name} by ssh: {message}; " + (
            advice or f"check that 'ssh {self._host}' works"
        )

    def close(self) -> None:
        """Ends the shared connection."""
        words = [*self._words, "-O", "exit", "--", self._host]
        with self._own, suppress(subprocess.TimeoutExpired):
            subprocess.run(
                words,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                check=False,
                timeout=_EXIT_S,
            )
