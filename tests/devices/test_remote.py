"""Scripts for remote targets, run by the shell of this machine."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from hwnas.core.errors import DeviceError, LinkError, ProgramError
from hwnas.devices.device import Device
from hwnas.devices.transports import remote
from hwnas.devices.transports.adb import AdbCarrier
from hwnas.devices.transports.remote import RemoteFolder
from hwnas.devices.transports.ssh import SshCarrier

GRAPH = "0" * 32 + ".onnx"


class Shell:
    """A carrier that runs scripts on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = f"'{folder}'"
        self.lost = False
        self.greeting = ""

    def command(self, script: str) -> Sequence[str]:
        # A broken link of adb: part of the output, and success.
        return ["true"] if self.lost else ["sh", "-c", self.greeting + script]

    def link_error(self, error: ProgramError) -> str | None:
        return error.last_line if error.code == 255 else None

    def advice(self, message: str) -> str | None:
        return None if "broke" in message else "plug it in"

    def unreachable(self, message: str, advice: str | None) -> str:
        return f"cannot reach it: {message}; {advice}"

    def close(self) -> None:
        pass


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "a folder")


@pytest.fixture
def there(shell: Shell) -> RemoteFolder:
    opened = RemoteFolder(Device(name="far"), shell)
    opened.connect()
    return opened


def unit(folder: Path, name: str, content: str = "x") -> dict[str, Path]:
    (folder / name).write_text(content)
    return {name: folder / name}


def test_the_folder_is_private_and_empty_at_the_end_but_for_programs(
    there: RemoteFolder, tmp_path: Path
) -> None:
    there.push({**unit(tmp_path, GRAPH), **unit(tmp_path, "agent-1.pyz")})
    folder = tmp_path / "a folder"
    unit(folder, "mine.onnx")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in folder.glob("*.*")} == {GRAPH, "agent-1.pyz", "mine.onnx"}
    there.close()
    assert {path.name for path in folder.iterdir()} == {"agent-1.pyz", "mine.onnx"}


def test_what_a_killed_process_left_is_removed_but_not_that_of_a_living_one(
    shell: Shell, tmp_path: Path
) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    gone = subprocess.Popen(["true"])
    gone.wait()
    host, living = remote._host(), f"session-{remote._host()}-{os.getppid()}-00000000"
    unit(folder, f"session-{host}-{gone.pid}-00000000")
    (folder / f"incoming-session-{host}-{gone.pid}-00000000").mkdir()
    unit(folder, living)
    unit(folder, "session-000000000000-1-00000000")  # of another host: who knows
    unit(folder, "session-notes.txt")
    opened = RemoteFolder(Device(name="far"), shell)
    opened.connect()
    assert opened.others()
    opened.close()
    assert {path.name for path in folder.iterdir()} == {
        living,
        "session-000000000000-1-00000000",
        "session-notes.txt",
    }


def test_what_a_login_shell_prints_first_does_no_harm(there: RemoteFolder, shell: Shell) -> None:
    shell.greeting = "echo Welcome to this board; "
    there.connect()
    assert list(there.run(["echo", "answer"], "")) == ["answer"]


def test_what_another_process_removed_is_brought_again(there: RemoteFolder, tmp_path: Path) -> None:
    there.push(unit(tmp_path, GRAPH))
    (tmp_path / "a folder" / GRAPH).unlink()
    there.push(unit(tmp_path, GRAPH))
    assert (tmp_path / "a folder" / GRAPH).exists()


def test_a_silent_target_is_a_broken_link(
    there: RemoteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hwnas.devices.transports.process.SILENCE_S", 0.3)
    with pytest.raises(LinkError, match="far has said nothing for"):
        list(there.run(["sleep", "60"], ""))


def test_a_program_that_a_signal_ended_is_no_broken_link(there: RemoteFolder) -> None:
    with pytest.raises(ProgramError) as caught:
        list(there.run(["sh", "-c", "kill -9 $$"], ""))
    assert caught.value.code == 128 + 9


def test_graphs_stay_while_another_process_uses_the_folder(
    there: RemoteFolder, shell: Shell, tmp_path: Path
) -> None:
    other = RemoteFolder(Device(name="far"), shell)
    other.connect()
    there.push(unit(tmp_path, GRAPH))
    there.close()
    assert (tmp_path / "a folder" / GRAPH).exists()
    other.close()
    assert not (tmp_path / "a folder" / GRAPH).exists()


def test_what_is_there_is_not_sent_again(there: RemoteFolder, shell: Shell, tmp_path: Path) -> None:
    units = unit(tmp_path, GRAPH)
    there.push(units)
    sent = there.sent_bytes
    assert sent > 0
    there.push(units)
    assert there.sent_bytes == sent
    again = RemoteFolder(Device(name="far"), shell)  # as after a kill
    again.connect()
    again.push(units)
    assert again.sent_bytes == 0


def test_folders_arrive_as_they_are_in_batches(
    there: RemoteFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "MOST_BATCH", 10)
    bundle = tmp_path / "bundle-1"
    bundle.mkdir()
    unit(bundle, "library", "l" * 20)
    (bundle / "program").write_text('#!/bin/sh\necho ran "$1"; cat\nexit 3')
    (bundle / "program").chmod(0o755)
    there.push({"bundle-1": bundle, **unit(tmp_path, GRAPH, "o" * 9)})
    lines = there.run(["bundle-1/program", "a $(b) 'c'"], "given\n")
    assert [next(lines), next(lines)] == ["ran a $(b) 'c'", "given"]
    with pytest.raises(ProgramError) as caught:
        next(lines)
    assert caught.value.code == 3


def test_success_without_the_token_is_a_broken_link(
    there: RemoteFolder, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.lost = True
    monkeypatch.setattr(remote, "_PAUSE_S", 0.0)
    with pytest.raises(LinkError, match="the link to far broke"):
        there.push(unit(tmp_path, GRAPH))
    with pytest.raises(DeviceError, match="cannot reach it: the link to far broke"):
        there.connect()
    there.close()  # nothing to be done about it


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    shell = Shell(tmp_path / "file" / "inner")
    with pytest.raises(DeviceError, match=r"on far cannot be used \(.*\); set 'folder'"):
        RemoteFolder(Device(name="far"), shell).connect()


def test_what_ssh_reports_comes_with_how_to_fix_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hwnas.devices.transports.ssh.shutil.which", lambda name: f"/bin/{name}")
    monkeypatch.setattr("hwnas.devices.transports.ssh.subprocess.run", lambda *_, **__: None)
    ssh = SshCarrier(Device(name="pi", transport="ssh", host="pi.local"), Path("/tmp/x"))
    try:
        advice = ssh.advice("Host key verification failed.")
        assert advice is not None
        assert advice.startswith("run 'ssh pi.local' once and compare")
        assert "check that 'ssh pi.local' works" in ssh.unreachable("closed", ssh.advice("closed"))
        assert ssh.command("echo 'a'")[-3:] == ["--", "pi.local", "exec sh -c 'echo '\\''a'\\'''"]
    finally:
        ssh.close()


def test_an_adb_device_is_named_by_its_serial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hwnas.devices.transports.adb.shutil.which", lambda name: f"/bin/{name}")
    adb = AdbCarrier(Device(name="pixel", transport="adb", serial="12AB"))
    assert adb.command("ls") == ["adb", "-s", "12AB", "shell", "-T", "ls"]
    printed = "error: device unauthorized."
    assert "unlock the phone" in adb.unreachable(printed, adb.advice(printed))
    assert adb.advice("error: closed") is None
    lines = ["* daemon started", "error: device 'x' not found", "see http://there"]
    assert adb.link_error(ProgramError("pixel", 1, lines[-1], lines)) == lines[1]
    assert adb.link_error(ProgramError("pixel", 2, "ONNX Runtime cannot load it")) is None


def test_what_a_login_shell_leaves_running_is_not_waited_for(
    there: RemoteFolder, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_AFTER_S", 0.1)
    shell.greeting = "sleep 10 & "
    there.connect()
    assert list(there.run(["echo", "answer"], "")) == ["answer"]
    with pytest.raises(ProgramError) as caught:
        list(there.run(["sh", "-c", "echo why >&2; exit 7"], ""))
    assert (caught.value.code, caught.value.last_line) == (7, "why")


def test_a_login_shell_that_never_stops_printing_is_one_sentence(
    there: RemoteFolder, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_BEGIN_S", 0.0)
    shell.greeting = "while true; do echo; done; "
    with pytest.raises(DeviceError, match="the login shell on far prints without an end"):
        list(there.run(["echo", "answer"], ""))


def test_a_line_without_an_end_is_answered_as_it_is(there: RemoteFolder) -> None:
    assert list(there.run(["printf", "one\\ntwo"], "")) == ["one", "two"]


def test_a_program_may_lie_in_the_home_folder(
    there: RemoteFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a program").symlink_to("/bin/echo")
    assert list(there.run(["~/a program", "~/x"], "")) == [f"{tmp_path}/x"]
