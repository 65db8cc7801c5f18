"""A child process whose output is read line by line, bounded in size and in silence."""

import os
import selectors
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from devices.errors import DeviceError, ProgramError, SilenceError
from devices.stopping import LATEST_S, check_stop

SILENCE_S = 180.0
"""An agent says something before each graph it loads, and at each visit."""
MOST_LINE = 8_000_000
_MOST_SAID = 8_192
_ENDING_S = 30.0


def run_lines(
    command: Sequence[str], given: IO[bytes] | str, *, where: str, folder: Path | None = None,
    silence_s: float | None = None,
) -> Iterator[str]:  # fmt: skip
    """Runs a program and yields the lines of its standard output as they come.

    The child has its own process group, so that Ctrl-C stops the parent alone, which then ends the
    child; a killed parent ends it too, at its next write into the broken pipe.

    Args:
        command: program and arguments; no shell is between.
        given: its standard input, a text or an open file.
        where: on what it runs, for messages.
        folder: current folder of the program.
        silence_s: how long it may say nothing; `SILENCE_S` when None.

    Raises:
        ProgramError: it ended with an error.
        SilenceError: it was silent for too long.
        DeviceError: a line has no end.
    """
    limit = SILENCE_S if silence_s is None else silence_s
    with tempfile.TemporaryFile() as stdin:
        if isinstance(given, str):
            stdin.write(given.encode())
            stdin.seek(0)
        try:
            child = subprocess.Popen(
                command, stdin=stdin if isinstance(given, str) else given,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            # What a shell says of a program that it cannot start.
            raise ProgramError(where, 127, f"{command[0]}: {error.strerror}") from error
    said = bytearray()
    try:
        yield from _lines(child, said, where, limit)
        code = child.wait(timeout=min(limit, _ENDING_S))
        _drain(child, said)
    except subprocess.TimeoutExpired as error:
        raise SilenceError(f"{where} closed its output and did not end") from error
    finally:
        child.kill()
        child.wait()
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        child.stderr.close()
    if code != 0:
        lines = _printable(said)
        raise ProgramError(where, code, lines[-1] if lines else "", lines)


def _lines(
    child: subprocess.Popen[bytes], said: bytearray, where: str, limit: float
) -> Iterator[str]:
    assert child.stdout is not None
    assert child.stderr is not None
    rest, heard = bytearray(), time.monotonic()
    with selectors.DefaultSelector() as selector:
        for pipe in (child.stdout, child.stderr):
            selector.register(pipe, selectors.EVENT_READ)
        # Not until the end of its standard error: a connection that ssh shares may hold that open.
        while child.stdout in {key.fileobj for key in selector.get_map().values()}:
            check_stop()
            ready = selector.select(min(limit, LATEST_S))
            if any(key.fileobj is child.stdout for key, _ in ready):
                heard = time.monotonic()
            elif time.monotonic() - heard >= limit:
                raise SilenceError(
                    f"{where} has said nothing for {limit:.0f} s; see whether it hangs, then run "
                    "the same command again"
                )
            for key, _ in ready:
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                elif key.fileobj is child.stderr:
                    said += data
                    del said[:-_MOST_SAID]
                else:
                    rest += data
                    *whole, last = rest.split(b"\n")
                    for line in whole:
                        yield line.decode("utf-8", errors="replace")
                    rest = bytearray(last)
                    if len(rest) > MOST_LINE:
                        raise DeviceError(f"{where} sends a line without an end")
    if rest:
        yield rest.decode("utf-8", errors="replace")


def _drain(child: subprocess.Popen[bytes], said: bytearray) -> None:
    """Takes what is left of the standard error of a child that has ended, without waiting."""
    assert child.stderr is not None
    os.set_blocking(child.stderr.fileno(), False)
    with suppress(BlockingIOError):
        while data := os.read(child.stderr.fileno(), 65536):
            said += data
            del said[:-_MOST_SAID]


def _printable(said: bytes | bytearray) -> list[str]:
    """The lines, without what a terminal would take for commands."""
    text = bytes(said).decode("utf-8", errors="replace").strip()
    lines = (line.strip()[:1000] for line in text.splitlines())
    return ["".join(one if one.isprintable() else "?" for one in line) for line in lines]
