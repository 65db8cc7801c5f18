"""Transport: how a job gets to a target and its output back."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from hwnas.devices.transports.process import Last, never


class Transport(Protocol):
    """The way to one target. No timing crosses it: a whole job runs on the target.

    It is made of a `Device` and a private folder on this machine. Units are files or folders whose
    names hold a hash of their content: a unit that is in the target's working folder is not sent
    again. `hwnas.testing.transports` tests all of this.
    """

    @property
    def sent_bytes(self) -> int:
        """Bytes of the units that were sent so far."""

    def connect(self) -> None:
        """Reaches the target, for the first time or after the link broke.

        Raises:
            DeviceError: the target cannot be reached, or its working folder cannot be used.
        """

    def push(self, units: Mapping[str, Path]) -> None:
        """Brings the units that the working folder lacks, each as a whole or not at all.

        Raises:
            DeviceError: the target has no room for them.
            LinkError: the link broke.
        """

    def run(self, command: Sequence[str], given: str, last: Last = never) -> Iterator[str]:
        """Runs a program in the working folder and yields its output, line by line.

        The program ends when the iterator is closed.

        Args:
            command: program and arguments; no shell takes them apart.
            given: the program's standard input.
            last: recognises the last line of its output, see `run_lines`.

        Raises:
            ProgramError: the program failed; the message holds the last line of its errors.
            DeviceError: a line has no end, or the program says nothing for too long.
            LinkError: the link broke.
        """

    def close(self) -> None:
        """Ends what still runs and removes the graphs; the agent's program may stay."""
