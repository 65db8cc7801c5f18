"""A real sshd on loopback: an x86 machine, or an Arm board whose programs run by qemu."""

import os
import shlex
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.targets.arm64 import CPU, MOUNT, arm64_root
from tests.targets.parts import need, run, wait_until
from tests.targets.sandbox import MissingPartError, Sandbox

Kind = Literal["x86", "arm64"]


@dataclass(frozen=True)
class SshTarget:
    """A machine that ``ssh -F ssh_config host`` reaches."""

    kind: Kind
    host: str
    """The alias in `ssh_config`."""
    port: int
    user: str
    ssh_config: Path
    known_hosts: Path
    home: Path
    """The user's home folder, as the target sees it; `here` leads to it from outside."""
    sandbox: Sandbox

    def command(self, remote: str) -> list[str]:
        """The words that run a shell command on the target."""
        return ["ssh", "-F", str(self.ssh_config), "-o", "BatchMode=yes", self.host, remote]

    def here(self, path: str | Path) -> Path:
        """Where the test finds a file of the target."""
        return self.sandbox.here(f"/run/target{path}" if self.kind == "arm64" else path)

    def processes(self, text: str) -> list[int]:
        """Processes of the target whose command line holds the text, as the test may kill them."""
        return self.sandbox.processes(text)

    def cut(self) -> None:
        """Breaks every connection, as a pulled cable would, but so that both ends notice.

        As on a real board, a program without a terminal is not told: it ends by the end of its
        input or when it writes, and one that does neither runs on.
        """
        connections = set(self.processes("sshd: ")) - set(self.processes("[listener]"))
        for process in connections:
            os.kill(process, signal.SIGKILL)
        wait_until(lambda: connections.isdisjoint(self.processes("sshd: ")), "the cut")


@contextmanager
def running_sshd(
    kind: Kind, *, home_bytes: int | None = None, wrong_host_key: bool = False
) -> Iterator[SshTarget]:
    """Starts sshd; at the end no process of it and no program that it started is left.

    Args:
        kind: "x86" runs commands on this machine, "arm64" in a small Arm system without Python.
        home_bytes: the size of the disk that the home folder is on; None for no limit.
        wrong_host_key: sshd shows another key than the one in `known_hosts`.
    """
    need("sshd", "ssh", "ssh-keygen", "mount")
    root = arm64_root() if kind == "arm64" else None
    with tempfile.TemporaryDirectory(prefix="hwnas-sshd-") as name:
        folder = Path(name)
        for key in ("host", "other_host", "user"):
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key, "-f", folder / key])
        for attempt in range(3):
            target = _start(folder, kind, root, home_bytes, wrong_host_key)
            try:
                if _answers(target):
                    yield target
                    return
            finally:
                target.sandbox.stop()
            # Another program may have taken the port since we found it free.
            if "Address already in use" not in target.sandbox.log or attempt == 2:
                raise MissingPartError(f"sshd did not start:\n{target.sandbox.log}")


def _start(
    folder: Path, kind: Kind, root: Path | None, home_bytes: int | None, wrong_host_key: bool
) -> SshTarget:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    outside = folder / "home"
    outside.mkdir(exist_ok=True)
    home = Path("/home/board") if root else outside
    mounted = Path("/run/target/home/board") if root else outside

    _write_server_config(folder, port, kind, "other_host" if wrong_host_key else "host")
    # sshd takes the home folder from here, and knows of no locked account by this name.
    (folder / "passwd").write_text(
        Path("/etc/passwd").read_text() + f"board:*:0:0::{home}:/bin/sh\n"
    )
    limit = f"mount -t tmpfs -o size={home_bytes} tmpfs {shlex.quote(str(mounted))}"
    start = folder / "start"
    start.write_text(f"""
        PATH=$PATH:/usr/sbin:/sbin
        mkdir /run/sshd
        mount --bind {shlex.quote(str(folder / "passwd"))} /etc/passwd
        {shlex.join([str(MOUNT), str(root), str(outside)]) if root else ""}
        {limit if home_bytes is not None else ""}
        exec "$(command -v sshd)" -D -e -f {shlex.quote(str(folder / "sshd_config"))}
    """)
    sandbox = Sandbox(["/bin/sh", "-eu", start], folder / "log")

    host = f"hwnas-{kind}"
    known_hosts, ssh_config = _write_client_config(folder, host, port)
    return SshTarget(kind, host, port, "board", ssh_config, known_hosts, home, sandbox)


def _write_server_config(folder: Path, port: int, kind: Kind, host_key: str) -> None:
    settings = f"""
        ListenAddress 127.0.0.1:{port}
        HostKey "{folder / host_key}"
        AuthorizedKeysFile "{folder / "user.pub"}"
        PermitRootLogin prohibit-password
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        UsePAM no
        StrictModes no
        PidFile none
        MaxStartups 100
        Subsystem sftp internal-sftp
    """
    if kind == "arm64":
        settings += f"ChrootDirectory /run/target\nSetEnv QEMU_CPU={CPU}\n"
    (folder / "sshd_config").write_text(settings)


def _write_client_config(folder: Path, host: str, port: int) -> tuple[Path, Path]:
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
    ssh_config = folder / "ssh_config"
    ssh_config.write_text(f"""
        Host {host}
            HostName 127.0.0.1
            Port {port}
            User board
            IdentityFile "{folder / "user"}"
            IdentitiesOnly yes
            IdentityAgent none
            UserKnownHostsFile "{known_hosts}"
            GlobalKnownHostsFile /dev/null
            StrictHostKeyChecking yes
    """)
    return known_hosts, ssh_config


def _answers(target: SshTarget) -> bool:
    """Waits for sshd's greeting; False when it has ended."""
    end = time.monotonic() + 20
    while target.sandbox.alive and time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", target.port), timeout=5) as link:
                if link.recv(4) == b"SSH-":
                    return True
        except OSError:
            time.sleep(0.02)
    return False


def ssh(target: SshTarget, remote: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Runs a shell command on the target."""
    return subprocess.run(target.command(remote), input=given, capture_output=True, timeout=60)
