"""A child process whose output is read line by line, bounded in size and in silence."""

import os
import selectors
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from hwnas.core.errors import DeviceError, ProgramError, SilenceError
from hwnas.devices.stopping import LATEST_S, check_stop

SILENCE_S = 180.0
"""An agent says something before each graph it loads, and at each visit."""
AFTER_S = 5.0
"""Within which a program ends that has said its last line; runtimes of GPUs clear away first."""
MOST_LINE = 8_000_000
_MOST_SAID = 8_192
_ENDING_S = 30.0

Last = Callable[[str], int | None]
"""The exit code that a line tells of when it is a program's last, None when it is not."""


def never(line: str) -> int | None:
    """No line is known to be the last."""
    del line
    return None


def run_lines(
    command: Sequence[str],
    given: IO[bytes] | str,
    *,
    where: str,
    folder: Path | None = None,
    silence_s: float | None = None,
    last: Last = never,
    after_s: float | None = None,
) -> Iterator[str]:
    """Runs a program and yields the lines of its standard output as they come.

    The child has its own process group, so that Ctrl-C stops the parent alone, which then ends the
    child; a killed parent ends it too, at its next write into the broken pipe. What else may hold
    its output open is not waited for: the program has ended, or has said its last line.

    Args:
        command: program and arguments; no shell is between.
        given: its standard input, a text or an open file.
        where: on what it runs, for messages.
        folder: current folder of the program.
        silence_s: how long it may say nothing; `SILENCE_S` when None.
        last: gives an exit code for the line behind which nothing is to come, None for any other.
            A program that has not ended soon after that line is ended, and counts as if it had with
            that code.
        after_s: how soon; `AFTER_S` when None.

    Raises:
        ProgramError: it ended with an error.
        SilenceError: it was silent for too long.
        DeviceError: a line has no end.
    """
    limit = SILENCE_S if silence_s is None else silence_s
    after_s = AFTER_S if after_s is None else after_s
    with tempfile.TemporaryFile() as stdin:
        if isinstance(given, str):
            stdin.write(given.encode())
            stdin.seek(0)
        try:
            child = subprocess.Popen(
                command,
                stdin=stdin if isinstance(given, str) else given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                start_new_session=True,
            )
        except OSError as error:
            # What a shell says of a program that it cannot start.
            raise ProgramError(where, 127, f"{command[0]}: {error.strerror}") from error
    said = bytearray()
    try:
        ended = yield from _lines(child, said, where, limit, last, after_s)
        code = _ending(child, ended, min(limit, _ENDING_S) if ended is None else LATEST_S)
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


def _ending(child: subprocess.Popen[bytes], ended: int | None, limit: float) -> int:
    """The exit code of a child that has said all.

    Args:
        child: the process.
        ended: what the last line said of its end, None without one.
        limit: how many seconds to wait.

    Raises:
        TimeoutExpired: it does not end.
    """
    try:
        return child.wait(timeout=limit)
    except subprocess.TimeoutExpired:
        if ended is None:
            raise
        return ended


def _lines(
    child: subprocess.Popen[bytes],
    said: bytearray,
    where: str,
    limit: float,
    last: Last,
    after_s: float,
) -> Generator[str, None, int | None]:
    """The lines; returns the exit code that the last one told of."""
    assert child.stdout is not None
    assert child.stderr is not None
    ended: int | None = None
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
            elif child.poll() is not None and not selector.select(0):
                break  # all that it wrote was read; whoever still holds the pipe is another
            elif ended is not None and time.monotonic() - heard >= after_s:
                break
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
                    *whole, begun = rest.split(b"\n")
                    for text in (line.decode("utf-8", errors="replace") for line in whole):
                        code = last(text)
                        ended = ended if code is None else code
                        yield text
                    rest = bytearray(begun)
                    if len(rest) > MOST_LINE:
                        raise DeviceError(f"{where} sends a line without an end")
    if rest:
        yield rest.decode("utf-8", errors="replace")
    return ended


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
