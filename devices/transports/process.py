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
"""An agent writes a line before each graph that it loads, and for each visit."""
AFTER_S = 5.0
"""Within which a program ends after its last line; runtimes of GPUs clean up first."""
MOST_LINE = 8_000_000
_MOST_ERRORS = 8_192
_ENDING_S = 30.0

Last = Callable[[str], int | None]
"""Recognises a program's last line, by which it returns an exit code; None for other lines."""


def never(line: str) -> int | None:
    """Recognises no line as the last."""
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
    child; a killed parent ends it too, at its next write into the broken pipe. Nothing that holds
    the output open after the program is waited for.

    Args:
        command: program and arguments; no shell takes them apart.
        given: its standard input, a text or an open file.
        where: on what it runs, for messages.
        folder: current folder of the program.
        silence_s: how long it may say nothing; `SILENCE_S` when None.
        last: recognises the last line. A program that has not ended soon after it is ended, and
            counts as ended with the exit code that `last` returned.
        after_s: how soon; `AFTER_S` when None.

    Raises:
        ProgramError: the program ended with an error.
        SilenceError: the program said nothing for too long.
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
            # The exit code of a shell for a program that it cannot start.
            raise ProgramError(where, 127, f"{command[0]}: {error.strerror}") from error
    errors = bytearray()
    try:
        ended = yield from _lines(child, errors, where, limit, last, after_s)
        code = _ending(child, ended, min(limit, _ENDING_S) if ended is None else LATEST_S)
        _drain(child, errors)
    except subprocess.TimeoutExpired as error:
        raise SilenceError(
            f"{where} closed its output and did not end; run the same command again"
        ) from error
    finally:
        child.kill()
        child.wait()
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        child.stderr.close()
    if code != 0:
        lines = _printable(errors)
        raise ProgramError(where, code, lines[-1] if lines else "", lines)


def _ending(child: subprocess.Popen[bytes], ended: int | None, limit: float) -> int:
    """The exit code of a child that has closed its output or written its last line.

    Args:
        child: the process.
        ended: the exit code by its last line, None without one.
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
    errors: bytearray,
    where: str,
    limit: float,
    last: Last,
    after_s: float,
) -> Generator[str, None, int | None]:
    """Yields the lines; returns the exit code by the last one."""
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
                    f"{where} has said nothing for {limit:.0f} s; check whether it hangs, then run "
                    "the same command again"
                )
            for key, _ in ready:
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                elif key.fileobj is child.stderr:
                    errors += data
                    del errors[:-_MOST_ERRORS]
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


def _drain(child: subprocess.Popen[bytes], errors: bytearray) -> None:
    """Reads the rest of the standard error of a child that has ended, without waiting."""
    assert child.stderr is not None
    os.set_blocking(child.stderr.fileno(), False)
    with suppress(BlockingIOError):
        while data := os.read(child.stderr.fileno(), 65536):
            errors += data
            del errors[:-_MOST_ERRORS]


def _printable(errors: bytes | bytearray) -> list[str]:
    """The lines, without characters that a terminal would take for commands."""
    text = bytes(errors).decode("utf-8", errors="replace").strip()
    lines = (line.strip()[:1000] for line in text.splitlines())
    return ["".join(one if one.isprintable() else "?" for one in line) for line in lines]
