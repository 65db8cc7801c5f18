"""A real Ray cluster of two nodes on this machine, started once for all tests of a session."""

import os
import time
from collections.abc import Iterator, Set
from contextlib import contextmanager, suppress
from functools import partialmethod
from typing import Any

import psutil
import pytest

# A node at another address counts as another machine.
ELSEWHERE, THIRD = "127.0.0.2", "127.0.0.3"
# Of each node, for what is sent to its processes.
_STORE_BYTES = 80 * 10**6
# Within which a node starts, and Ray notices the death of one, however busy the machine is.
_PATIENCE_S = 600
# So often a node is started.
_STARTS = 6


class RayCluster:
    """Two nodes, and those that a test adds.

    Attributes:
        address: to be joined by.
        head: the node that a test joins, at this machine's address; it has the device `near`.
        other: the second one, at another address; it has the devices `far` and `farther`.
    """

    def __init__(self) -> None:
        """Starts both."""
        # Before Ray is imported: no figures are sent, and no warning of what will change.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "1")
        os.environ.setdefault("RAY_gcs_server_port_wait_time_s", str(_PATIENCE_S))
        from ray.cluster_utils import Cluster

        self._cluster: Any = Cluster()
        # A node that is killed is missed sooner; one that is slow to answer has as long as always.
        quick = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 300}
        self.head = self._started(
            {"device:near": 1},
            include_dashboard=False,
            include_log_monitor=False,
            no_monitor=True,
            _system_config=quick,
        )
        self.address: str = self._cluster.address
        self.other = self._started(
            {"device:far": 1, "device:farther": 1}, node_ip_address=ELSEWHERE
        )

    @contextmanager
    def node(self, resources: dict[str, float], address: str = ELSEWHERE) -> Iterator[Any]:
        """A further node; killed at the end if it still runs."""
        node = self._started(resources, node_ip_address=address)
        try:
            yield node
        finally:
            if node in self._cluster.worker_nodes:
                self.kill(node)

    def kill(self, node: Any) -> None:
        """Kills a node, as when its machine loses its power, and waits until that is noticed."""
        self._cluster.remove_node(node, allow_graceful=False)
        self._cluster.wait_for_nodes(timeout=_PATIENCE_S)

    def close(self) -> None:
        """Ends all nodes."""
        self._cluster.shutdown()

    def _started(self, resources: dict[str, float], **keys: Any) -> Any:
        """A node; started again where its raylet has given up, as on a busy machine.

        That waits for its own agents for 15 seconds, which nothing can change.
        """
        keys |= {"resources": resources, "object_store_memory": _STORE_BYTES}
        for left in reversed(range(_STARTS)):
            before = set(psutil.Process().children())
            try:
                with _patient(before):
                    return self._cluster.add_node(**keys)
            except Exception:  # Ray raises bare ones
                if not left:
                    raise
                for process in set(psutil.Process().children()) - before:
                    process.kill()
        raise AssertionError("the last start returns or raises")


@contextmanager
def _patient(before: Set[psutil.Process]) -> Iterator[None]:
    """Lets a node take longer than 30 seconds to be known, as long as its raylet is alive."""
    from ray._private import services
    from ray.cluster_utils import Cluster

    once, registered = services.get_node, Cluster._wait_for_node

    def get_node(*which: str) -> Any:
        new = set(psutil.Process().children()) - before
        raylets = [one for one in new if "raylet" in one.name()]
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end and any(map(runs, raylets)):
            with suppress(RuntimeError):  # it is not there yet
                return once(*which)
            time.sleep(0.1)
        return once(*which)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "get_node", get_node)
        patch.setattr(Cluster, "_wait_for_node", partialmethod(registered, timeout=_PATIENCE_S))
        yield


def runs(process: psutil.Process) -> bool:
    """Whether a process has not ended yet."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def raylet_of(node: Any) -> int:
    """The process of a node that has started those that work there: their RAY_RAYLET_PID."""
    return int(node.all_processes["raylet"][0].process.pid)


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[RayCluster]:
    """The cluster; nothing of this process has joined it."""
    cluster = RayCluster()
    yield cluster
    cluster.close()
