"""What every transport must do."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import pytest

from hwnas.core.errors import DeviceError, ProgramError
from hwnas.devices.device import Device
from hwnas.devices.transports import Transport, load_transport
from hwnas.devices.transports.process import MOST_LINE


class TransportContract:
    """The tests of one transport, to a target that has a POSIX shell.

    A test file of the transport's package holds:

        class TestMyTransport(TransportContract):
            device = Device(name="board", transport=MY_SPEC, options={...})

    Attributes:
        device: a target that can be reached while the tests run.
    """

    device: ClassVar[Device]

    @pytest.fixture
    def transport(self, tmp_path: Path) -> Iterator[Transport]:
        """The transport, connected."""
        folder = tmp_path / "private"
        folder.mkdir()
        opened = load_transport(self.device.transport).open(self.device, folder)
        opened.connect()
        yield opened
        opened.close()

    @pytest.fixture
    def units(self, tmp_path: Path) -> dict[str, Path]:
        """A file, and a folder with a program."""
        (tmp_path / "abc.txt").write_text("content\n")
        (tmp_path / "tools").mkdir()
        program = tmp_path / "tools" / "greet"
        program.write_text("#!/bin/sh\necho hello\n")
        program.chmod(0o755)
        return {"abc.txt": tmp_path / "abc.txt", "tools": tmp_path / "tools"}

    def test_what_is_pushed_is_in_the_folder_where_programs_run(
        self, transport: Transport, units: dict[str, Path]
    ) -> None:
        """Files and folders; programs stay programs. Standard input arrives."""
        transport.push(units)
        lines = transport.run(_shell("cat abc.txt; tools/greet; cat"), "given\n")
        assert list(lines) == ["content", "hello", "given"]

    def test_what_is_there_is_not_sent_again(
        self, transport: Transport, units: dict[str, Path]
    ) -> None:
        """By its name, which holds a hash of the content."""
        transport.push(units)
        sent = transport.sent_bytes
        transport.push(units)
        assert transport.sent_bytes == sent

    def test_a_connection_can_be_made_again(
        self, transport: Transport, units: dict[str, Path]
    ) -> None:
        """As after a link that broke; what was pushed is still there."""
        transport.push(units)
        transport.connect()
        assert list(transport.run(_shell("cat abc.txt"), "")) == ["content"]

    def test_a_program_that_fails_says_its_code_and_its_last_line(
        self, transport: Transport
    ) -> None:
        """Without what a terminal would take for commands."""
        script = r"echo one; printf 'first\nwhy\033[2J\n' >&2; exit 7"
        lines = transport.run(_shell(script), "")
        assert next(lines) == "one"
        with pytest.raises(ProgramError, match=r"failed: why\?\[2J") as caught:
            list(lines)
        assert (caught.value.code, caught.value.last_line) == (7, "why?[2J")

    def test_a_program_that_is_not_there_ends_as_in_a_shell(self, transport: Transport) -> None:
        """With exit code 127."""
        with pytest.raises(ProgramError) as caught:
            list(transport.run(["no-such-program"], ""))
        assert caught.value.code == 127

    def test_words_of_a_command_arrive_as_they_are(self, transport: Transport) -> None:
        """No shell takes them apart."""
        words = ["a b", "'", '"', "$HOME", "*", ";"]
        lines = transport.run(["printf", r"%s\n", *words], "")
        assert list(lines) == words

    def test_a_program_that_is_left_in_the_middle_ends(self, transport: Transport) -> None:
        """When its output is closed."""
        lines = transport.run(_shell("while true; do echo x; sleep 0.01; done"), "")
        next(lines)
        lines.close()  # type: ignore[attr-defined]
        assert list(lines) == []

    def test_a_line_without_an_end_is_refused(self, transport: Transport) -> None:
        """A broken program does not fill the memory."""
        script = f"head -c {MOST_LINE + 200_000} /dev/zero | tr '\\0' x"
        with pytest.raises(DeviceError, match="a line without an end"):
            list(transport.run(_shell(script), ""))

    def test_silence_is_refused(
        self, transport: Transport, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A target that hangs is not waited for."""
        monkeypatch.setattr("hwnas.devices.transports.process.SILENCE_S", 0.5)
        with pytest.raises(DeviceError, match="has said nothing for"):
            list(transport.run(_shell("sleep 60"), ""))

    def test_who_holds_the_output_open_behind_a_program_is_not_waited_for(
        self, transport: Transport
    ) -> None:
        """The end of a program is the end of its output."""
        holder = "sleep 10 2>/dev/null &"
        with closing(transport.run(_shell(f"{holder} echo one"), "")) as lines:  # type: ignore[type-var]
            assert list(lines) == ["one"]
        with pytest.raises(ProgramError) as caught:
            list(transport.run(_shell(f"{holder} echo why >&2; exit 7"), ""))
        assert (caught.value.code, caught.value.last_line) == (7, "why")

    def test_a_program_that_does_not_end_after_its_last_line_is_ended(
        self, transport: Transport, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Runtimes of GPUs are known to hang when their process ends."""
        monkeypatch.setattr("hwnas.devices.transports.process.AFTER_S", 0.1)
        lines = transport.run(
            _shell("echo one; echo end; sleep 60"), "", lambda line: 0 if line == "end" else None
        )
        assert list(lines) == ["one", "end"]


def _shell(script: str) -> list[str]:
    return ["sh", "-c", script]
