"""This machine: the agent is a child process, so that a crash of the agent ends no more than it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hwnas.devices.device import Device
from hwnas.devices.transports.process import Last, never, run_lines

WHERE = "this machine"


class LocalTransport:
    """Runs the agent in the private folder itself."""

    sent_bytes = 0

    def __init__(self, device: Device, folder: Path) -> None:
        """Takes the folder that units are linked into."""
        del device
        self._folder = folder

    def connect(self) -> None:
        """Does nothing: there is no link."""

    def push(self, units: Mapping[str, Path]) -> None:
        """Links units that lie elsewhere into the folder."""
        for name, path in units.items():
            unit = self._folder / name
            if not unit.exists():
                unit.symlink_to(path.resolve())

    def run(self, command: Sequence[str], given: str, last: Last = never) -> Iterator[str]:
        """Starts the program as a child process."""
        return run_lines(command, given, where=WHERE, folder=self._folder, last=last)

    def close(self) -> None:
        """Does nothing: whoever made the folder removes it."""
