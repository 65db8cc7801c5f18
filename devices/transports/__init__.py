"""Transports by the name that device configs use: one line each."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.devices.transports.adb import AdbTransport
from hwnas.devices.transports.local import LocalTransport
from hwnas.devices.transports.ssh import SshTransport
from hwnas.devices.transports.transport import Transport

if TYPE_CHECKING:
    from hwnas.devices.device import Device

TRANSPORTS: dict[str, Callable[["Device", Path], Transport]] = {
    "local": LocalTransport,
    "ssh": SshTransport,
    "adb": AdbTransport,
}

__all__ = ["TRANSPORTS", "Transport"]
