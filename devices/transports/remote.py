"""A working folder on a machine that is reached through a shell: what ssh and adb share.

A target needs a POSIX shell, find and tar, as every Linux, busybox and Android has them. Units
arrive as a tar stream, are unpacked beside their place and renamed: a name that is there holds the
whole content. Every script ends by repeating a token, since a broken link may look like success
(adb then exits with 0).
"""

import secrets
import shlex
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from devices.errors import DeviceError, LinkError, ProgramError
from devices.transports.process import run_lines

if TYPE_CHECKING:
    from devices.device import Device

MOST_BATCH = 64e6
"""Bytes of one tar stream: what was sent before a link broke is not sent again."""
# A slow link takes its time for a batch; whether it is dead is for ssh and adb to say.
_PUSH_SILENCE_S = 3600.0
_SHELL_SILENCE_S = 60.0
_ATTEMPTS, _PAUSE_S = 3, 1.0
_UNUSABLE = 120
"""Exit code of our scripts: the working folder cannot be made or entered."""


class Carrier(Protocol):
    """The program here that runs scripts there."""

    folder: str
    """A shell's expression for the working folder, when the device names none."""

    def command(self, script: str) -> Sequence[str]:
        """What to start here, so that a shell there runs a script."""

    def link_broke(self, error: ProgramError) -> bool:
        """Whether an error is of the link, and not of the program there."""

    def mend(self, said: str) -> str | None:
        """What the user can do about what it says of the link; None where trying again may help."""

    def unreachable(self, said: str, mend: str | None) -> str:
        """The sentence for a target that cannot be reached."""

    def close(self) -> None:
        """Gives back what the carrier holds here."""


class RemoteFolder:
    """A `Transport` by a carrier."""

    def __init__(self, device: "Device", carrier: Carrier) -> None:
        """Takes the device's name and folder."""
        self.sent_bytes = 0
        self._name = device.name
        self._carrier = carrier
        self._root = shlex.quote(device.folder) if device.folder else carrier.folder
        self._session = f"session-{secrets.token_hex(8)}"
        self._incoming = f"incoming-{self._session}"
        self._there: set[str] = set()
        self._connected = False

    def connect(self) -> None:
        """See `Transport`."""
        for left in reversed(range(_ATTEMPTS)):
            try:
                self._connect()
                self._connected = True
            except LinkError as error:
                mend = self._carrier.mend(str(error))
                if mend is not None or not left:
                    raise DeviceError(self._carrier.unreachable(str(error), mend)) from error
                time.sleep(_PAUSE_S)
            else:
                return

    def _connect(self) -> None:
        # What processes left behind that were killed. find, because a glob may match too much.
        stale = " -o ".join(f"-name '{kind}-*'" for kind in ("session", "incoming"))
        try:
            self._there = set(
                self._shell(
                    f"mkdir -p {self._root} && chmod 700 {self._root} && {self._enter()} && "
                    f"find . -maxdepth 1 \\( {stale} \\) -mtime +1 -exec rm -rf {{}} + && "
                    f": > {self._session} && ls -1",
                )
            )
        except ProgramError as error:
            raise DeviceError(
                f"the folder {self._root} on {self._name} cannot be used: "
                f"{error.said or f'exit code {error.code}'}; set 'folder' to one that can be "
                "written"
            ) from error

    def push(self, units: Mapping[str, Path]) -> None:
        """See `Transport`."""
        missing = {name: path for name, path in units.items() if name not in self._there}
        for batch in _batches(missing):
            self._push(batch)
            self._there |= set(batch)

    def run(self, command: Sequence[str], given: str) -> Iterator[str]:
        """See `Transport`."""
        script = f"{self._enter()} && exec {shlex.join(command)}"
        return self._lines(script, given, None)

    def close(self) -> None:
        """See `Transport`: graphs go when no other process uses the folder."""
        if self._connected:  # else nothing is there, and another attempt may take long
            with suppress(DeviceError):
                self._shell(
                    f"{self._enter()} && rm -rf {self._session} {self._incoming}; "
                    "ls session-* > /dev/null 2>&1 || rm -f ./*.onnx ./*.bin"
                )
        self._carrier.close()

    def _enter(self) -> str:
        return f"umask 077 && {{ cd {self._root} || exit {_UNUSABLE}; }}"

    def _push(self, units: Mapping[str, Path]) -> None:
        with tempfile.TemporaryFile() as stream:
            with tarfile.open(fileobj=stream, mode="w") as tar:
                for name, path in units.items():
                    tar.add(path.resolve(), arcname=name, filter=_plain)
            size = stream.tell()
            stream.seek(0)
            script = (
                f"{self._enter()} && rm -rf {self._incoming} && mkdir {self._incoming} && "
                f"tar -xf - -C {self._incoming} && for unit in {self._incoming}/*; do "
                '[ -e "${unit##*/}" ] || mv "$unit" . || exit 1; done && '
                f"rm -rf {self._incoming}"
            )
            try:
                self._shell(f"{{ {script}; }} || {{ rm -rf {self._incoming}; false; }}", stream)
            except ProgramError as error:
                raise DeviceError(
                    f"{self._name} does not take {size / 1e6:.1f} MB into its folder "
                    f"({error.said or f'exit code {error.code}'}); make room there, or set "
                    "'folder' to a place that has it"
                ) from error
        self.sent_bytes += size

    def _shell(self, script: str, given: IO[bytes] | str = "") -> list[str]:
        """The output of a script that ran to its end."""
        token = secrets.token_hex(8)
        silence = _SHELL_SILENCE_S if isinstance(given, str) else _PUSH_SILENCE_S
        *lines, last = [*self._lines(f"{{ {script}; }} && echo {token}", given, silence)] or [""]
        if last.strip() != token:
            raise LinkError(f"the link to {self._name} broke")
        return [line.strip() for line in lines]

    def _lines(self, script: str, given: IO[bytes] | str, silence_s: float | None) -> Iterator[str]:
        command = self._carrier.command(script)
        try:
            yield from run_lines(command, given, where=self._name, silence_s=silence_s)
        except ProgramError as error:
            if self._carrier.link_broke(error):
                raise LinkError(error.said or f"the link to {self._name} broke") from error
            raise


def _batches(units: Mapping[str, Path]) -> Iterator[dict[str, Path]]:
    batch: dict[str, Path] = {}
    size = 0
    for name, path in units.items():
        files = path.rglob("*") if path.is_dir() else [path]
        own = sum(file.stat().st_size for file in files)
        if batch and size + own > MOST_BATCH:
            yield batch
            batch, size = {}, 0
        batch[name] = path
        size += own
    if batch:
        yield batch


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nothing of who owns it here; for the owner there alone."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o700 if entry.isdir() or entry.mode & 0o100 else 0o600
    return entry
