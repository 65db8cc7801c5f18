"""Deployments by the name of their agent, as device configs have it."""

from collections.abc import Callable

from hwnas.core.errors import DeviceError
from hwnas.core.registry import Registry
from hwnas.devices.deployments.deployment import Deployment

DEPLOYMENTS: Registry[Callable[..., Deployment]] = Registry(
    "agent",
    "hwnas.agents",
    {
        "native": "hwnas.devices.deployments.native:NativeDeployment",
        "python": "hwnas.devices.deployments.python:PythonDeployment",
    },
    error=DeviceError,
)
"""Each takes a `Device`."""

__all__ = ["DEPLOYMENTS", "Deployment"]
