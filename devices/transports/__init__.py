"""Transports by the name that device configs use: one line each."""

from collections.abc import Callable

from devices.transports.local import LocalTransport
from devices.transports.transport import Transport

TRANSPORTS: dict[str, Callable[[], Transport]] = {"local": LocalTransport}

__all__ = ["TRANSPORTS", "Transport"]
