"""A working folder on a machine that is reached through a shell, as by ssh and adb.

The target needs a POSIX shell, find and tar, as every Linux, busybox and Android has them. Units
arrive as a tar stream, are unpacked beside their place and then renamed: a unit that is there is
whole. Every script ends by repeating a token, since a broken link may look like success (adb then
exits with 0).

A transport of your own that can run a script by a shell on the target needs a `Carrier` and no
more; see `examples/plugins/transport`.
"""

import os
import platform
import re
import secrets
import shlex
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, Protocol

from hwnas.core.digests import digest
from hwnas.core.errors import DeviceError, LinkError, ProgramError, SilenceError
from hwnas.devices.device import Device
from hwnas.devices.stopping import pause
from hwnas.devices.transports.process import Last, never, run_lines

MOST_BATCH = 64e6
"""Bytes of one tar stream: what arrived before a link broke is not sent again."""
# A slow link takes its time for a batch; whether it is dead is for ssh and adb to say.
_PUSH_SILENCE_S = 1200.0
_SHELL_SILENCE_S = 60.0
_ATTEMPTS, _PAUSE_S = 3, 1.0
# For a login shell to begin, and for a program to end after its last line.
_BEGIN_S, _AFTER_S = 60.0, 2.0
_OLD_DAYS = 2
_MOST_LINES, _MOST_NAMES = 100_000, 200
_SESSION = re.compile(r"session-[0-9a-f]{12}-[0-9]+-[0-9a-f]{8}")
_LEFT = re.compile(r"(incoming-)?session-(?P<host>[0-9a-f]{12})-(?P<pid>[0-9]{1,9})-[0-9a-f]{8}")
_OF_JOBS = re.compile(r"[0-9a-f]{32}\.(onnx|bin|engine|cache)|profile-[a-z0-9_]{8}")


class Carrier(Protocol):
    """The program on this machine that runs scripts on the target.

    Attributes:
        folder: a shell's expression for the working folder, when the device's file names none.
    """

    folder: str

    def command(self, script: str) -> Sequence[str]:
        """What to start on this machine, so that a shell on the target runs a script."""

    def link_error(self, error: ProgramError) -> str | None:
        """What an error says of the link; None where the program on the target failed."""

    def advice(self, message: str) -> str | None:
        """How to fix what `link_error` said; None where trying again may help."""

    def unreachable(self, message: str, advice: str | None) -> str:
        """The sentence for a target that cannot be reached."""

    def close(self) -> None:
        """Releases what the carrier holds on this machine."""


class RemoteFolder:
    """A `Transport` by a carrier."""

    def __init__(self, device: Device, carrier: Carrier) -> None:
        """Takes a device, of which it needs the name and the folder."""
        self.sent_bytes = 0
        self._name = device.name
        self._carrier = carrier
        # A folder of our own in the one that is named, because what is in it will be removed.
        self._root = shlex.quote(f"{device.folder}/hwnas") if device.folder else carrier.folder
        self._session = _session()
        self._incoming = f"incoming-{self._session}"
        self._connected = False

    def connect(self) -> None:
        """Makes the working folder, in several attempts while the link breaks."""
        for left in reversed(range(_ATTEMPTS)):
            try:
                self._connect()
                self._connected = True
            except LinkError as error:
                advice = self._carrier.advice(str(error))
                if advice is not None or not left:
                    raise DeviceError(self._carrier.unreachable(str(error), advice)) from error
                pause(_PAUSE_S)
            else:
                return

    def push(self, units: Mapping[str, Path]) -> None:
        """Sends the units that the folder lacks, as tar streams."""
        # Looked up each time: another process may have removed what was there.
        there = set(self._shell(f"{self._enter()} && : > {self._session} && ls -1"))
        missing = {name: path for name, path in units.items() if name not in there}
        for batch in _batches(missing):
            self._push(batch)

    def run(self, command: Sequence[str], given: str, last: Last = never) -> Iterator[str]:
        """Runs a program in the working folder, by a shell."""
        # Not by exec: of a program that a signal ended, ssh would say that it ended itself.
        script = f"{self._enter()} && {' '.join(map(_quoted, command))}"
        return self._lines(script, given, None, last)

    def close(self) -> None:
        """Also removes the graphs, unless another process uses the folder."""
        if self._connected:  # otherwise nothing is there, and another attempt may take long
            with suppress(DeviceError):
                self._clear()
        self._carrier.close()

    def others(self) -> bool:
        """Whether another hwnas process uses the folder.

        Raises:
            DeviceError: the target does not answer.
        """
        return any(_SESSION.fullmatch(one) and one != self._session for one in self._names())

    def _connect(self) -> None:
        old = f"find . -maxdepth 1 -name '*session-*' -mtime +{_OLD_DAYS}"
        try:
            self._shell(f"mkdir -p {self._root} && chmod 700 {self._root}")
            left = {name for name in self._names() if _dead(name)}
            left |= {name.removeprefix("./") for name in self._shell(f"{self._enter()} && {old}")}
            left -= {self._session, self._incoming}
            self._remove([name for name in left if _LEFT.fullmatch(name)])
            self._shell(f"{self._enter()} && : > {self._session}")
        except ProgramError as error:
            raise DeviceError(
                f"the folder {self._root} on {self._name} cannot be used "
                f"({error.last_line or f'exit code {error.code}'}); set 'folder' to one that you "
                "can write to"
            ) from error

    def _clear(self) -> None:
        self._remove([self._session, self._incoming])
        there = self._names()
        if not any(_SESSION.fullmatch(name) for name in there):
            self._remove([name for name in there if _OF_JOBS.fullmatch(name)])

    def _names(self) -> list[str]:
        """The names in the working folder."""
        return self._shell(f"{self._enter()} && ls -1")

    def _remove(self, names: Sequence[str]) -> None:
        for start in range(0, len(names), _MOST_NAMES):
            some = shlex.join(names[start : start + _MOST_NAMES])
            self._shell(f"{self._enter()} && rm -rf {some}")

    def _enter(self) -> str:
        return f"umask 077 && cd {self._root}"

    def _push(self, units: Mapping[str, Path]) -> None:
        with tempfile.TemporaryFile() as stream:
            # Without this machine's dates and owners; the plainest format, for the plainest tar.
            with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
                for name, path in units.items():
                    tar.add(path.resolve(), arcname=name, filter=_plain)
            size = stream.tell()
            stream.seek(0)
            # sync, so that after a power cut no unit has its name without its content. Where
            # another process has brought a unit meanwhile, that one is as good.
            script = (
                f"rm -rf {self._incoming} && mkdir {self._incoming} && "
                f"tar -xf - -C {self._incoming} && sync && for unit in {self._incoming}/*; do "
                '[ -e "${unit##*/}" ] || mv "$unit" . || [ -e "${unit##*/}" ] || exit 1; done && '
                f"rm -rf {self._incoming}"
            )
            failed = f"rm -rf {self._incoming}; false"
            try:
                self._shell(f"{self._enter()} && {{ {{ {script}; }} || {{ {failed}; }}; }}", stream)
            except ProgramError as error:
                raise DeviceError(
                    f"cannot write {size / 1e6:.1f} MB to the folder of {self._name} "
                    f"({error.last_line or f'exit code {error.code}'}); make room there, or set "
                    "'folder' to a place that has room"
                ) from error
        self.sent_bytes += size

    def _shell(self, script: str, given: IO[bytes] | str = "") -> list[str]:
        """The output of a script that ran to its end."""
        token = secrets.token_hex(8)
        silence = _SHELL_SILENCE_S if isinstance(given, str) else _PUSH_SILENCE_S
        found, end = list[str](), time.monotonic() + 2 * silence
        for line in self._lines(f"{{ {script}; }} && echo {token}", given, silence):
            found.append(line.strip())
            if len(found) > _MOST_LINES or time.monotonic() > end:
                raise DeviceError(f"{self._name} sends more than it was asked for")
        if not found or found.pop() != token:
            raise LinkError(f"the link to {self._name} broke")
        return found

    def _lines(
        self, script: str, given: IO[bytes] | str, silence_s: float | None, last: Last = never
    ) -> Iterator[str]:
        begin, end = secrets.token_hex(8), secrets.token_hex(8)
        # The shell reports its own end: something that it leaves behind may hold the output open.
        whole = f"echo {begin}; {{ {script}; }}; code=$?; echo {end} $code; exit $code"

        def ended(line: str) -> int | None:
            # It may stand behind a line that the program did not end.
            code = line.partition(f"{end} ")[2].strip()
            return int(code) if code.isdecimal() else last(line)

        try:
            lines = run_lines(
                self._carrier.command(whole),
                given,
                where=self._name,
                silence_s=silence_s,
                last=ended,
                after_s=_AFTER_S,
            )
            with closing(lines):  # type: ignore[type-var]
                self._begin(lines, begin)
                for line in lines:
                    text, found, _ = line.partition(end)
                    if text or not found:
                        yield text
        except SilenceError as error:
            raise LinkError(str(error)) from error
        except ProgramError as error:
            message = self._carrier.link_error(error)
            if message is not None:
                raise LinkError(message or f"the link to {self._name} broke") from error
            raise

    def _begin(self, lines: Iterator[str], begin: str) -> None:
        """Skips what a login shell prints before a script."""
        latest = time.monotonic() + _BEGIN_S
        for _ in range(_MOST_LINES):
            if next(lines, begin).strip() == begin:
                return
            if time.monotonic() > latest:
                break
        raise DeviceError(
            f"the login shell on {self._name} prints without an end; check what it runs, such as "
            "~/.profile there"
        )


def _session() -> str:
    """A name for the use of a folder by this process.

    Other processes of this machine see by it whether this one is still alive.
    """
    return f"session-{_host()}-{os.getpid()}-{secrets.token_hex(4)}"


def _host() -> str:
    return digest(platform.node(), 12)


def _quoted(word: str) -> str:
    """A word for a shell; `~/` at its start is the home folder on the target."""
    return f'"$HOME"/{shlex.quote(word[2:])}' if word.startswith("~/") else shlex.quote(word)


def _dead(name: str) -> bool:
    """Whether it belongs to a process of this machine that has ended."""
    found = _LEFT.fullmatch(name)
    if found is None or found["host"] != _host():
        return False
    try:
        os.kill(int(found["pid"]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # another user's
    return False


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
    """Without its owner and date on this machine; for its owner on the target alone."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = 0
    entry.mode = 0o700 if entry.isdir() or entry.mode & 0o100 else 0o600
    return entry
