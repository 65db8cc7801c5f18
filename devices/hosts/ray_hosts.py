"""RayHosts: the devices of a Ray cluster, each of which is a custom resource of its host."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.core.listener import Listener
from hwnas.core.ray_session import Node, RaySession
from hwnas.devices.device import Device
from hwnas.devices.hosts.held import Held
from hwnas.devices.location import HERE, Place
from hwnas.devices.stopping import pause

RESOURCE = "device:"
"""What the resource of a device begins with; its name follows."""

# A host that died and was started again is there twice until Ray has noticed its death.
_NOTICED_S, _LOOK_S = 60.0, 0.5


@contextmanager
def ray_hosts(address: str) -> Iterator["RayHosts"]:
    """Joins a cluster; see `hwnas.devices.hosts.joined_hosts`."""
    if address.startswith("ray://"):
        raise ConfigError(
            "devices are measured by the hosts of a cluster from one of its machines: Ray's client "
            "(ray://) does not carry what they answer; run 'ray start --address=HOST:PORT' on this "
            "machine, and give --ray auto"
        )
    with closing(RaySession(address)) as session:
        yield RayHosts(session)


class RayHosts:
    """Reaches a device from the host that has it, and one that no host has from this machine."""

    def __init__(self, session: RaySession) -> None:
        """Takes the cluster."""
        import ray

        self._session = session
        own = ray.get_runtime_context().get_node_id()
        self._here = next((one.address for one in session.nodes() if one.id == own), "")

    def place(self, device: Device) -> Place:
        """The host that has the device, or this machine."""
        node = self._node(device)
        if node is None:
            return HERE
        machine = "" if node.address == self._here else node.address
        return Place(_name(node), machine)

    @contextmanager
    def reaching(self, device: Device, listener: Listener) -> Iterator[Device]:
        """Holds the device on its host."""
        node = self._node(device)
        if node is None:
            yield device
            return
        resource = RESOURCE + device.name
        with closing(Held(device, resource, node, _name(node), self._session)) as held:
            held.begin(listener)
            yield device.linked_by(held.link)

    def _node(self, device: Device) -> Node | None:
        """The machine that has a device; None where none has it.

        Raises:
            ConfigError: two have it, or one has it several times.
        """
        resource = RESOURCE + device.name
        having = self._having(resource)
        end = time.monotonic() + _NOTICED_S
        while len(having) > 1 and len({one.address for one in having}) == 1:
            if time.monotonic() > end:
                break
            pause(_LOOK_S)
            having = self._having(resource)
        if len(having) > 1:
            raise ConfigError(
                f"{_listed(having)} all have the resource '{resource}' of the Ray cluster, and a "
                "device belongs to one host; restart Ray without it on the others"
            )
        for node in having:
            if node.resources[resource] != 1:
                raise ConfigError(
                    f"{_name(node)} has {node.resources[resource]:g} of the resource '{resource}', "
                    "and a device runs one job at a time; restart Ray there with 1 of it"
                )
        return having[0] if having else None

    def _having(self, resource: str) -> list[Node]:
        return [one for one in self._session.nodes() if one.resources.get(resource)]


def _name(node: Node) -> str:
    return f"the host {shown(node.name)}"


def _listed(nodes: Sequence[Node]) -> str:
    return ", ".join(f"{_name(one)} ({one.address})" for one in nodes)
