"""Transport: how a job gets to a target and its output back."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from hwnas.devices.transports.process import Last, never


class Transport(Protocol):
    """The way to one target. Timings are never taken across it: a job runs on the target.

    Made of a `Device` and of a private folder here. Units are files or folders whose names hold a
    hash of their content: one that is in the target's working folder is never sent again.
    """

    @property
    def sent_bytes(self) -> int:
        """What was sent so far, the jobs not counted."""

    def connect(self) -> None:
        """Reaches the target and finds what is there; again, after a link broke.

        Raises:
            DeviceError: the target cannot be reached, or its working folder not be used.
        """

    def push(self, units: Mapping[str, Path]) -> None:
        """Brings those units into the working folder that are not there yet, each whole or not.

        Raises:
            DeviceError: the target is full.
            LinkError: the link broke.
        """

    def run(self, command: Sequence[str], given: str, last: Last = never) -> Iterator[str]:
        """Runs a program in the working folder and yields its output, line by line.

        It ends when the iterator is closed.

        Args:
            command: program and arguments.
            given: its standard input.
            last: what tells the last line of its output, see `run_lines`.

        Raises:
            ProgramError: it failed; the message holds what it said last.
            DeviceError: its output has no end, or it says nothing for too long.
            LinkError: the link broke.
        """

    def close(self) -> None:
        """Ends what still runs and removes what was pushed, but for the agent's own program."""
