"""Hosts: which machine reaches a device."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from hwnas.core.listener import Listener
from hwnas.devices.device import Device
from hwnas.devices.location import HERE, Place


class Hosts(Protocol):
    """The machines that devices are reached from."""

    def place(self, device: Device) -> Place:
        """Which of them reaches a device.

        Raises:
            ConfigError: that cannot be said.
        """

    def reaching(self, device: Device, listener: Listener) -> AbstractContextManager[Device]:
        """The device, as it is reached from there; no other job of the cluster is on it meanwhile.

        Args:
            device: which one.
            listener: hears when it is waited for.

        Raises:
            DeviceError: its host cannot begin, or has left.
        """


class ThisMachine:
    """Reaches every device from this machine."""

    def place(self, device: Device) -> Place:
        """This machine."""
        del device
        return HERE

    @contextmanager
    def reaching(self, device: Device, listener: Listener) -> Iterator[Device]:
        """The device itself."""
        del listener
        yield device


THIS_MACHINE = ThisMachine()


def where(hosts: Hosts, devices: Sequence[Device]) -> str:
    """Which machine measures which device, as one sentence."""
    by_place: dict[str, list[str]] = {}
    for device in devices:
        by_place.setdefault(hosts.place(device).name, []).append(device.name)
    parts = [f"{place} measures {', '.join(names)}" for place, names in by_place.items()]
    return "; ".join(parts)
