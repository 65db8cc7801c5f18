"""Agent: how the program that runs jobs gets to a target, and what starts it there."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Protocol


class Agent(Protocol):
    """Made of a `Device`; every one speaks the protocol of `hwnas.devices.agent`.

    Attributes:
        profiles: whether it makes profiles of operators.
    """

    profiles: ClassVar[bool]

    def units(self, folder: Path) -> Mapping[str, Path]:
        """What has to be on the target: files or folders, under names with a hash of the content.

        Args:
            folder: where those that have to be made may be put.

        Raises:
            DeviceError: one is missing here; the message says how to make it.
        """

    def command(self) -> Sequence[str]:
        """The program and its arguments, started in the working folder, which holds the units.

        Raises:
            DeviceError: it cannot be named.
        """

    def identity(self) -> str:
        """What fingerprints call it: its registered name, and what else makes timings differ.

        Raises:
            DeviceError: what it is made of is missing here.
        """

    def missing(self, said: str) -> str:
        """The mend when the target says that the program, or a part of it, is not there."""
