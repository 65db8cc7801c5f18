"""Deployment: how an agent, the program that runs jobs, gets to a target and is started there."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Protocol


class Deployment(Protocol):
    """Of one agent, made of a `Device`; every agent speaks the protocol of `hwnas.devices.agent`.

    Attributes:
        profiles: whether the agent makes profiles of operators.
    """

    profiles: ClassVar[bool]

    def units(self, folder: Path) -> Mapping[str, Path]:
        """What has to be on the target: files or folders, whose names hold a hash of the content.

        Args:
            folder: where units that are made for the occasion may be put.

        Raises:
            DeviceError: one is missing on this machine; the message says how to make it.
        """

    def command(self) -> Sequence[str]:
        """The program and its arguments, started in the working folder, which holds the units.

        Raises:
            DeviceError: it cannot be named.
        """

    def identity(self) -> str:
        """What fingerprints call the agent: its name, and what else makes timings differ.

        Raises:
            DeviceError: what it is made of is missing on this machine.
        """

    def missing(self, message: str) -> str:
        """How to fix it when the target says that the agent or one of its packages is missing."""
