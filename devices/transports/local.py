"""The machine at hand: the agent is a child process, so that a crash there is not one here."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.devices.transports.process import Last, never, run_lines

if TYPE_CHECKING:
    from hwnas.devices.device import Device

WHERE = "this machine"


class LocalTransport:
    """Runs the agent in the private folder itself."""

    sent_bytes = 0

    def __init__(self, device: "Device", folder: Path) -> None:
        """Takes the folder that units are linked into."""
        del device
        self._folder = folder

    def connect(self) -> None:
        """Nothing is between."""

    def push(self, units: Mapping[str, Path]) -> None:
        """Links what lies elsewhere into the folder."""
        for name, path in units.items():
            here = self._folder / name
            if not here.exists():
                here.symlink_to(path.resolve())

    def run(self, command: Sequence[str], given: str, last: Last = never) -> Iterator[str]:
        """See `Transport`."""
        return run_lines(command, given, where=WHERE, folder=self._folder, last=last)

    def close(self) -> None:
        """Nothing stays behind: the folder's owner removes it."""
