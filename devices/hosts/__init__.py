"""Hosts: the machines that reach devices: this one, and those of a Ray cluster."""

from collections.abc import Iterator
from contextlib import contextmanager

from hwnas.devices.hosts.hosts import THIS_MACHINE, Hosts, where

__all__ = ["THIS_MACHINE", "Hosts", "joined_hosts", "where"]


@contextmanager
def joined_hosts(address: str | None) -> Iterator[Hosts]:
    """The hosts of a Ray cluster, which is left at the end; without an address this machine alone.

    Args:
        address: "auto" where this machine belongs to the cluster, or "HOST:PORT".

    Raises:
        ConfigError: Ray is not installed, or that is no such address.
        RunError: there is no such cluster.
    """
    if address is None:
        yield THIS_MACHINE
        return
    from hwnas.devices.hosts.ray_hosts import ray_hosts

    with ray_hosts(address) as hosts:
        yield hosts
