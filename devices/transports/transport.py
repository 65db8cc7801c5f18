"""Transport: how a job gets to a target and its output back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol


class Transport(Protocol):
    """The way to one target. Timings are never taken across it: a job runs on the target."""

    def push(self, folder: Path) -> str:
        """Brings a folder of files to the target and returns its path there.

        Raises:
            DeviceError: the target cannot be reached or is full.
        """

    def run_agent(self, folder: str) -> Iterator[str]:
        """Runs the agent on a pushed job folder and yields its output, line by line.

        Raises:
            DeviceError: the agent failed; the message holds what it said last.
        """

    def close(self) -> None:
        """Ends what still runs and removes what was pushed."""
