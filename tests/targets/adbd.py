"""The real daemon of adb, its file system an Arm one, in a network that nothing else reaches.

The server of adb runs in that network, too, and is reached by a socket in the file system, which
``ADB_SERVER_SOCKET`` names: so neither the daemon, which asks for no key, nor a server that looks
for phones is ever seen by others, and a developer's own server and phones are left alone.
"""

import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.targets.adbd_build import adbd_folder
from tests.targets.arm64 import CPU, MOUNT, arm64_root
from tests.targets.parts import need, wait_until
from tests.targets.sandbox import MissingPartError, Sandbox

_DAEMON = "/x86/adbd"
_SERVER = "/run/adb-server"


@dataclass(frozen=True)
class AdbTarget:
    """A phone that ``adb -s serial`` reaches when `environment` is set.

    ``adb kill-server`` is its end: nothing starts its server again.
    """

    serial: str
    environment: dict[str, str]
    """To be added to the environment of the program adb."""
    folder: str
    """Where programs and files go on the target."""
    sandbox: Sandbox

    def adb(self, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Runs adb on this machine, for this target."""
        return subprocess.run(
            ["adb", "-s", self.serial, *arguments],
            env={**os.environ, **self.environment},
            input=given,
            capture_output=True,
            timeout=60,
        )

    def here(self, path: str) -> Path:
        """Where the test finds a file of the target."""
        return self.sandbox.here(f"/run/target{path}")

    def processes(self, text: str) -> list[int]:
        """Processes of the target whose command line holds the text, as the test may kill them."""
        return self.sandbox.processes(text)

    def cut(self) -> None:
        """Breaks the link: what runs by ``adb shell`` is hung up. Comes back by `connect`."""
        self.adb("disconnect", self.serial)

    def connect(self) -> None:
        """Reaches the daemon (again), waiting until it is there."""
        wait_until(self._reached, "adb connect", seconds=20)

    def kill_daemon(self) -> None:
        """As when a phone's adbd dies: it is started again, what it ran is left to itself."""
        for process in self.processes(_DAEMON):
            os.kill(process, signal.SIGKILL)

    def _reached(self) -> bool:
        self.adb("connect", self.serial)
        return self.adb("get-state").stdout == b"device\n"


@contextmanager
def running_adbd(*, folder_bytes: int | None = None) -> Iterator[AdbTarget]:
    """Starts adbd and a server of adb, connected; at the end no process of them is left.

    Args:
        folder_bytes: the size of the disk that /data/local/tmp is on; None for no limit.
    """
    need("adb", "chroot", "ip", "mount")
    root, programs = arm64_root(), adbd_folder()
    with tempfile.TemporaryDirectory(prefix="hwnas-adbd-") as name:
        work = Path(name)
        (work / "home").mkdir()
        start = work / "start"
        start.write_text(_script(root, programs, work / "home", folder_bytes))
        sandbox = Sandbox(["/bin/sh", "-eu", start], work / "log", own_network=True)
        try:
            yield _connected(sandbox)
        finally:
            sandbox.stop()


def _connected(sandbox: Sandbox) -> AdbTarget:
    try:
        # By this name the socket ends with the sandbox, and no client can start a server outside.
        server = sandbox.here(_SERVER)
        target = AdbTarget(
            "127.0.0.1:5555",
            {"ADB_SERVER_SOCKET": f"localfilesystem:{server}"},
            "/data/local/tmp",
            sandbox,
        )
        wait_until(lambda: server.exists() or not sandbox.alive, "a server of adb", seconds=20)
        if sandbox.alive:
            target.connect()
            return target
    except (OSError, TimeoutError) as error:
        raise MissingPartError(f"adbd did not start: {error}\n{sandbox.log}") from error
    raise MissingPartError(f"adbd did not start:\n{sandbox.log}")


def _script(root: Path, programs: Path, home: Path, folder_bytes: int | None) -> str:
    full = f"mount -t tmpfs -o size={folder_bytes} tmpfs /run/target/data/local/tmp"
    environment = f"HOME=/ PATH=/bin QEMU_CPU={CPU} TMPDIR=/data/local/tmp"
    return f"""
        PATH=$PATH:/usr/sbin:/sbin
        export HOME={shlex.quote(str(home))}
        ip link set lo up
        # Phones that are plugged into this machine are not ours.
        [ ! -d /dev/bus/usb ] || mount -t tmpfs tmpfs /dev/bus/usb
        {shlex.join([str(MOUNT), str(root), str(home)])}
        cp -r {shlex.quote(str(programs))} /run/target/x86
        {full if folder_bytes is not None else ""}
        while sleep 0.1; do
            env -i {environment} "$(command -v chroot)" /run/target {_DAEMON} || :
        done &
        exec adb -L localfilesystem:{_SERVER} server nodaemon
    """
