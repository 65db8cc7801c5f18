"""What every registered transport must do; those far away in tests/targets."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hwnas.core.errors import DeviceError, ProgramError
from hwnas.devices.device import Device
from hwnas.devices.transports import Transport
from hwnas.devices.transports.local import LocalTransport
from hwnas.devices.transports.process import MOST_LINE

ENDLESS = "import sys, time\nwhile True: print('x', flush=True); time.sleep(0.01)"


@pytest.fixture
def transport(tmp_path: Path) -> Iterator[Transport]:
    opened = LocalTransport(Device(name="here"), tmp_path)
    opened.connect()
    yield opened
    opened.close()


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_pushed_file_is_in_the_folder_where_the_program_runs(
    transport: Transport, tmp_path_factory: pytest.TempPathFactory
) -> None:
    unit = tmp_path_factory.mktemp("elsewhere") / "abc.txt"
    unit.write_text("content")
    transport.push({"abc.txt": unit})
    transport.push({"abc.txt": unit})
    lines = transport.run(python("print(open('abc.txt').read()); print(input())"), "given\n")
    assert list(lines) == ["content", "given"]


def test_a_program_that_fails_says_its_code_and_its_last_line(transport: Transport) -> None:
    code = "import sys; print('one'); sys.stderr.write('first\\nwhy\\x1b[2J\\n'); sys.exit(7)"
    lines = transport.run(python(code), "")
    assert next(lines) == "one"
    with pytest.raises(ProgramError, match=r"failed: why\?\[2J") as caught:
        list(lines)
    assert (caught.value.code, caught.value.said) == (7, "why?[2J")


def test_a_program_that_is_not_there_is_told_as_a_shell_does(transport: Transport) -> None:
    with pytest.raises(ProgramError) as caught:
        list(transport.run(["no-such-program"], ""))
    assert caught.value.code == 127


def test_a_program_that_is_left_in_the_middle_ends(transport: Transport) -> None:
    lines = transport.run(python(ENDLESS), "")
    next(lines)
    lines.close()  # type: ignore[attr-defined]
    assert list(lines) == []


def test_silence_and_lines_without_end_are_refused(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DeviceError, match="a line without an end"):
        list(transport.run(python(f"print('x' * {2 * MOST_LINE})"), ""))
    monkeypatch.setattr("hwnas.devices.transports.process.SILENCE_S", 0.5)
    with pytest.raises(DeviceError, match="has said nothing for"):
        list(transport.run(python("import time; time.sleep(60)"), ""))


HOLDER = "import subprocess, sys; subprocess.Popen(['sleep', '10'], stderr=subprocess.DEVNULL)\n"


def test_who_holds_the_output_open_behind_a_program_is_not_waited_for(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hwnas.devices.transports.process.SILENCE_S", 5.0)
    assert list(transport.run(python(HOLDER + "print('one')"), "")) == ["one"]
    with pytest.raises(ProgramError) as caught:
        list(transport.run(python(HOLDER + "sys.stderr.write('why'); sys.exit(7)"), ""))
    assert (caught.value.code, caught.value.said) == (7, "why")


def test_a_program_that_does_not_end_after_its_last_line_is_ended(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hwnas.devices.transports.process.AFTER_S", 0.1)
    lines = transport.run(
        python("import time; print('one\\nend', flush=True); time.sleep(60)"),
        "",
        lambda line: 0 if line == "end" else None,
    )
    assert list(lines) == ["one", "end"]
