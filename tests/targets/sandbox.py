"""Runs a program in namespaces of its own, in which arm64 programs run by qemu.

Registered interpreters belong to a user namespace since Linux 6.7: the machine's own are untouched.
Runs as a program, too: ``sandbox.py same-network|own-network program argument...``
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

QEMU = "/usr/bin/qemu-aarch64-static"

_NEW_MOUNTS, _NEW_USERS, _NEW_PROCESSES, _NEW_NETWORK = 0x20000, 0x10000000, 0x20000000, 0x40000000
_DEATH_OF_PARENT = 1  # PR_SET_PDEATHSIG
# The head of an ELF file: 64 bit, little endian, an executable or a shared object, for AArch64.
_MAGIC = r"\x7fELF\x02\x01\x01" + r"\x00" * 9 + r"\x02\x00\xb7\x00"
_MASK = r"\xff" * 7 + r"\x00" + r"\xff" * 8 + r"\xfe" + r"\xff" * 3

_libc = ctypes.CDLL(None, use_errno=True)


class MissingPartError(RuntimeError):
    """A target cannot be set up on this machine; the sentence says what to do."""


class Sandbox:
    """A program in its namespaces. All of it ends by `stop`, or when this process ends."""

    def __init__(self, command: Sequence[str | Path], log: Path, own_network: bool = False) -> None:
        self._log = log
        mode = "own-network" if own_network else "same-network"
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-I", __file__, mode, *command],
                stdin=subprocess.PIPE,  # Never written to: its end is the end of the sandbox.
                stdout=subprocess.PIPE,
                stderr=stream,
                start_new_session=True,  # Ctrl-C is for pytest, which then stops us.
            )
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            printed = stream.readline()
        if not printed:
            self.stop()
            raise MissingPartError(f"no sandbox: {self.log}")
        self.init = int(printed)
        """The first process inside, by its number outside."""

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def log(self) -> str:
        """The end of what was said inside."""
        return self._log.read_text(errors="replace")[-2000:]

    def here(self, path: str | Path) -> Path:
        """Where this process finds a file that is ``path`` inside."""
        return Path(f"/proc/{self.init}/root") / str(path).lstrip("/")

    def processes(self, text: str) -> list[int]:
        """Those inside whose command line holds the text, by their numbers outside."""
        inside = Path(f"/proc/{self.init}/ns/pid").readlink()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (
                    (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
                if text in command and (folder / "ns/pid").readlink() == inside:
                    found.append(int(folder.name))
            except OSError:  # It has ended meanwhile.
                continue
        return sorted(found)

    def stop(self) -> None:
        """Returns when no process of it is left."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


def main(mode: str, command: Sequence[str]) -> int:
    """Becomes root of new namespaces, runs the command there and returns its exit code."""
    _unshare(_NEW_NETWORK if mode == "own-network" else 0)
    alive, held = os.pipe()
    init = os.fork()
    if init == 0:
        os.close(held)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        _libc.prctl(_DEATH_OF_PARENT, signal.SIGKILL, 0, 0, 0)
        # The parent may have ended before that call.
        if not select.select([alive], [], [], 0)[0]:
            os._exit(_init(command))
        os._exit(1)

    print(init, flush=True)  # noqa: T201
    select.select([sys.stdin, os.pidfd_open(init)], [], [])
    # With the first process of its namespace everything in it ends.
    os.kill(init, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(init, 0)[1]) & 255


def _unshare(further: int) -> None:
    """New namespaces, of which this process is root; only one outside may map all its users."""
    parent = os.getpid()
    ready, done = os.pipe()
    mapper = os.fork()
    if mapper == 0:
        os.close(done)
        os.read(ready, 1)
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{parent}/{name}").write_text("0 0 65536\n")
        os._exit(0)
    if _libc.unshare(_NEW_USERS | _NEW_MOUNTS | _NEW_PROCESSES | further) != 0:
        raise OSError(ctypes.get_errno(), "no new namespaces (are user namespaces switched off?)")
    os.close(done)
    if os.waitpid(mapper, 0)[1] != 0:
        raise OSError("the users of the new namespace could not be mapped")
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def _init(command: Sequence[str]) -> int:
    """The first process inside: prepares it, starts the command, waits for all that end."""
    _mount("--make-rprivate", "/")
    _mount("-t", "proc", "proc", "/proc")
    # Hides the machine's sockets; what we mount needs a place that is there on every machine.
    _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    interpreters = Path("/run/binfmt_misc")
    interpreters.mkdir()
    try:
        _mount("-t", "binfmt_misc", "binfmt_misc", str(interpreters))
    except subprocess.CalledProcessError:
        raise OSError("no private binfmt_misc: needs Linux 6.7 or newer") from None
    # P: programs see the name they were called by; F: qemu is opened here, before any chroot.
    register = interpreters / "register"
    register.write_text(f":qemu-aarch64:M::{_MAGIC}:{_MASK}:{QEMU}:PF")
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    while True:
        ended, status = os.wait()
        if ended == child.pid:
            return os.waitstatus_to_exitcode(status) & 255


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.argv[2:]))
    except OSError as error:
        sys.exit(str(error))
