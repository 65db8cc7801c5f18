"""Transports by the name that device configs use: one specification each."""

from hwnas.core.errors import DeviceError
from hwnas.core.registry import Registry
from hwnas.devices.transports.spec import TransportSpec
from hwnas.devices.transports.transport import Transport

_OURS = (
    TransportSpec("local", "hwnas.devices.transports.local:LocalTransport", remote=False),
    TransportSpec(
        "ssh",
        "hwnas.devices.transports.ssh:SshTransport",
        keys=("host", "user", "port", "ssh_config"),
        required=("host",),
    ),
    TransportSpec(
        "adb",
        "hwnas.devices.transports.adb:AdbTransport",
        keys=("serial", "fixed_performance"),
    ),
)

TRANSPORTS = Registry(
    "transport", "hwnas.transports", {spec.name: spec for spec in _OURS}, error=DeviceError
)


def load_transport(name: str) -> TransportSpec:
    """The specification of a transport.

    Raises:
        DeviceError: no transport has this name, or what a package brings by it is something else.
    """
    return TRANSPORTS.load_as(name, TransportSpec)


__all__ = ["TRANSPORTS", "Transport", "TransportSpec", "load_transport"]
