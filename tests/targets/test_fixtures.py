"""The targets themselves: what tests of transports and agents rely on."""

import io
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.targets.adbd import AdbTarget, running_adbd
from tests.targets.parts import need, wait_until
from tests.targets.sandbox import MissingPartError
from tests.targets.sshd import Kind, SshTarget, running_sshd, ssh

KINDS: tuple[Kind, ...] = ("x86", "arm64")
MACHINES = {"x86": "x86_64", "arm64": "aarch64"}


@pytest.fixture(params=KINDS)
def target(request: pytest.FixtureRequest) -> SshTarget:
    return request.getfixturevalue(f"ssh_{request.param}")  # type: ignore[no-any-return]


def test_ssh_answers_with_its_machine_and_passes_input_and_exit_code(target: SshTarget) -> None:
    done = ssh(target, "uname -m; pwd; cat; echo said >&2; exit 7", given=b"\0one\n\xff")
    printed = f"{MACHINES[target.kind]}\n{target.home}\n".encode()
    assert (done.returncode, done.stdout, done.stderr) == (7, printed + b"\0one\n\xff", b"said\n")


def test_a_tar_arrives_over_ssh(target: SshTarget) -> None:
    content = os.urandom(1 << 20)
    done = ssh(target, "mkdir arrived && tar -x -C arrived -f -", given=_tar("file", content))
    assert done.returncode == 0, done.stderr
    assert target.here(target.home / "arrived/file").read_bytes() == content
    assert (target.here(target.home / "arrived/file").stat().st_mode & 0o777) == 0o750


def test_arm_programs_see_an_arm_system(ssh_arm64: SshTarget) -> None:
    cpus = "/sys/devices/system/cpu"
    done = ssh(ssh_arm64, f"grep -c 0xd08 /proc/cpuinfo; cat {cpus}/possible; nproc")
    cores = int(ssh(ssh_arm64, "nproc").stdout)
    assert done.stdout.split() == [b"%d" % cores, b"0-%d" % (cores - 1), b"%d" % cores]


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_ends_both_ends_and_the_next_connection_works(kind: Kind) -> None:
    with running_sshd(kind) as target:
        # The shell's own command line does not hold the text that `sleep` has in the end.
        command = target.command("cat; exec sleep $((4320 + 1))")
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as client:
            wait_until(lambda: bool(target.processes("cat; exec sleep")), "the program")
            target.cut()
            assert client.wait(timeout=60) == 255
            # What read its input goes on; what does not, never ends by itself.
            wait_until(lambda: bool(target.processes("sleep 4321")), "the end of cat")
            os.kill(target.processes("sleep 4321")[0], signal.SIGKILL)
        wait_until(lambda: not target.processes("sleep"), "the end of the program")
        assert ssh(target, "exit 3").returncode == 3


@pytest.mark.parametrize("kind", KINDS)
def test_what_reads_its_input_ends_with_the_connection(kind: Kind) -> None:
    with running_sshd(kind) as target:
        command = target.command("exec cat -")
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE):
            wait_until(lambda: bool(target.processes("cat -")), "the program")
            target.cut()
            wait_until(lambda: not target.processes("cat -"), "the end of the program", seconds=5)


def test_another_host_key_is_refused_by_the_client() -> None:
    with running_sshd("x86", wrong_host_key=True) as target:
        done = ssh(target, "echo reached")
        assert (done.returncode, done.stdout) == (255, b"")
        assert b"REMOTE HOST IDENTIFICATION HAS CHANGED" in done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_the_disk_of_a_home_folder_can_be_small(kind: Kind) -> None:
    with running_sshd(kind, home_bytes=1 << 20) as target:
        done = ssh(target, "cat > file", given=bytes(2 << 20))
        assert done.returncode != 0
        assert b"No space left on device" in done.stderr


def test_adb_answers_with_its_machine_and_passes_input_and_exit_code(adb_arm64: AdbTarget) -> None:
    done = adb_arm64.adb("shell", "-T", "uname -m; cat; exit 7", given=b"\0one\n\xff")
    assert (done.returncode, done.stdout) == (7, b"aarch64\n\0one\n\xff")


def test_adb_pushes_what_is_not_there_yet(adb_arm64: AdbTarget, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/file").write_bytes(content := os.urandom(1 << 20))
    first, second = (
        adb_arm64.adb("push", "--sync", str(tmp_path / "folder"), adb_arm64.folder)
        for _ in range(2)
    )
    assert first.returncode == second.returncode == 0
    assert adb_arm64.here(f"{adb_arm64.folder}/folder/file").read_bytes() == content
    assert b"0 files pushed, 1 skipped" in second.stdout


@pytest.mark.parametrize("how", [AdbTarget.cut, AdbTarget.kill_daemon])
def test_a_cut_of_adb_ends_what_reads_its_input(how: Callable[[AdbTarget], None]) -> None:
    with running_adbd() as target:
        command = ["adb", "-s", target.serial, "shell", "-T", "exec cat -"]
        environment = {**os.environ, **target.environment}
        with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as client:
            wait_until(lambda: bool(target.processes("cat -")), "the program")
            how(target)
            client.wait(timeout=60)
            wait_until(lambda: not target.processes("cat -"), "the end of the program", seconds=5)
        target.connect()
        assert target.adb("shell", "exit 3").returncode == 3


def test_the_disk_of_a_phone_can_be_small(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(2 << 20))
    with running_adbd(folder_bytes=1 << 20) as target:
        done = target.adb("push", str(tmp_path / "file"), target.folder)
        assert done.returncode != 0
        assert b"No space left on device" in done.stderr + done.stdout


@contextmanager
def _another_session(start: str, temporary: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another Python, which has started a target and waits."""
    program = f"""
import sys
from tests.targets.adbd import running_adbd
from tests.targets.sshd import running_sshd
with {start} as target:
    if "ssh" in {start!r}:
        import subprocess
        subprocess.Popen(target.command("sleep 8765"), stdin=subprocess.DEVNULL)
    print(target.sandbox.init, flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary)},
    ) as session:
        yield session


STARTS = ('running_sshd("x86")', 'running_sshd("arm64")', "running_adbd()")


@pytest.mark.parametrize("killed", [True, False])
@pytest.mark.parametrize("start", STARTS)
def test_nothing_is_left_of_a_target(start: str, killed: bool, tmp_path: Path) -> None:
    with _another_session(start, tmp_path) as session:
        assert session.stdout is not None
        init = int(session.stdout.readline())
        namespace = Path(f"/proc/{init}/ns/user").readlink()
        wait_until(lambda: len(_in_namespace(namespace)) >= 3, "the target's processes")
        before = Path("/proc/mounts").read_text()
        assert str(tmp_path) not in before
        assert "/run/target" not in before
        if killed:
            session.kill()
        session.communicate(timeout=60)
        wait_until(lambda: not _in_namespace(namespace), "the end of all processes", seconds=5)
        assert Path("/proc/mounts").read_text() == before
    if not killed:
        assert not list(tmp_path.iterdir())
    assert not list(Path("/proc/sys/fs/binfmt_misc").glob("qemu-aarch64"))


def test_a_missing_program_fails_with_what_to_do() -> None:
    with pytest.raises(MissingPartError, match=r"missing: no-such; run tests/targets/install\.sh"):
        need("mount", "no-such")


def _in_namespace(namespace: Path) -> list[int]:
    """Processes, also those that have ended and that nobody waited for."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "ns/user").readlink() == namespace:
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def _tar(name: str, content: bytes) -> bytes:
    """As another user's, which the target has to take."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.uid, entry.gid = len(content), 0o750, 1000, 1000
        archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()
