"""Link: the way to one device, for the files of jobs and for the jobs themselves."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Protocol, TypeAlias

from hwnas.core.errors import DeviceError
from hwnas.core.workspace import job_folder
from hwnas.devices.conversation import agent_lines, last_line
from hwnas.devices.deployments import DEPLOYMENTS
from hwnas.devices.device import Device
from hwnas.devices.job import Job
from hwnas.devices.transports import load_transport


class Link(Protocol):
    """The way to one device, from this machine or from another one that can reach it."""

    @property
    def sent_bytes(self) -> int:
        """Bytes that were sent to the device so far, without the jobs."""

    @property
    def agent(self) -> str:
        """What fingerprints call the device's agent, see `Deployment.identity`.

        Raises:
            DeviceError: what it is made of is missing.
        """

    def connect(self) -> None:
        """Reaches the device, for the first time or after the link broke.

        Raises:
            DeviceError: the device cannot be reached.
        """

    def write(self, name: str, content: bytes) -> None:
        """Keeps a file that later jobs name; its name holds a hash of its content.

        Raises:
            DeviceError: there is no room for it.
        """

    def push(self, job: Job) -> None:
        """Brings to the device what a job needs and is not there yet: its agent and its files.

        Raises:
            LinkError: the link broke.
            DeviceError: there is no room, or the agent is missing on the machine that sends it.
        """

    def lines(self, job: Job) -> Iterator[str]:
        """Runs a job that was pushed, and yields what its agent writes, line by line.

        The job ends when the iterator is closed.

        Raises:
            LinkError: the link broke, or another agent is at work there.
            EnergyError: the device does not count its energy.
            DeviceError: the agent is not there, or failed.
        """


Links: TypeAlias = Callable[[], AbstractContextManager[Link]]
"""Makes a link to one device, which is closed at the end."""


class DirectLink:
    """From this machine, by the device's transport."""

    def __init__(self, device: Device, folder: Path) -> None:
        """Takes a device, and a private folder on this machine for the files."""
        self._device, self._folder = device, folder
        self._deployment = DEPLOYMENTS.load(device.agent)(device)
        self._transport = load_transport(device.transport).open(device, folder)

    @property
    def sent_bytes(self) -> int:
        """Bytes that were sent to the device so far, without the jobs."""
        return self._transport.sent_bytes

    @property
    def agent(self) -> str:
        """What fingerprints call the device's agent."""
        return _agent(self._device)

    def connect(self) -> None:
        """Reaches the device."""
        self._transport.connect()

    def write(self, name: str, content: bytes) -> None:
        """Keeps a file in the private folder."""
        with self._room():
            (self._folder / name).write_bytes(content)

    def push(self, job: Job) -> None:
        """Brings to the device what a job needs."""
        with self._room():
            units = dict(self._deployment.units(self._folder))
        for name in (*job.graphs, *filter(None, [job.input, job.cache])):
            units[name] = self._folder / name
        self._transport.push(units)

    def lines(self, job: Job) -> Iterator[str]:
        """Runs a job that was pushed."""
        lines = self._transport.run(self._deployment.command(), job.to_text(), last_line(job))
        return agent_lines(lines, self._device.name, self._deployment)

    def close(self) -> None:
        """Removes the files from the device; whoever made the private folder removes that."""
        self._transport.close()

    @contextmanager
    def _room(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DeviceError(
                f"cannot write the graphs to {self._folder.parent}: {error.strerror}; "
                "make room there or set TMPDIR, then run the same command again"
            ) from error


def open_link(device: Device) -> AbstractContextManager[Link]:
    """A link to a device, from the machine that it is to be reached from; closed at the end.

    Raises:
        DeviceError: it cannot be made.
    """
    return direct_link(device) if device.links is None else device.links()


@contextmanager
def direct_link(device: Device) -> Iterator[DirectLink]:
    """A link from this machine; its files are removed at the end.

    Raises:
        DeviceError: there is no room for files, or a program that it needs is missing.
    """
    with job_folder() as folder, closing(DirectLink(device, folder)) as link:
        yield link


@cache
def _agent(device: Device) -> str:
    """The identity of a device's agent: the target knows its name, and not of what it was made.

    Once a process: it reads a whole bundle, while the job that asks for it is being timed.
    """
    return DEPLOYMENTS.load(device.agent)(device).identity()
