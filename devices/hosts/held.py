"""Held: a device that a host of a Ray cluster holds for this process; the links go through it."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from hwnas.core import version
from hwnas.core.errors import DeviceError, EnergyError, HwnasError, LinkError
from hwnas.core.foreign_text import shown
from hwnas.core.listener import Listener
from hwnas.core.ray_session import Node, RaySession, ray_sentence, what_died
from hwnas.devices.device import Device
from hwnas.devices.hosts.holder import Begun, Holder
from hwnas.devices.job import Job
from hwnas.devices.stopping import LATEST_S, check_stop

# A device that is free is held within so many seconds, unless its host is busy.
_PATIENCE_S = 5.0
# What a host has to remove the files from a device, once its job was stopped.
_CLOSING_S = 90.0
_KINDS = (LinkError, EnergyError)
_LOST = {
    "machine": "{host}, which has {device}, left the Ray cluster",
    "memory": "{host} ended what held {device}, since its memory ran out",
    "link": "{host}, which has {device}, does not answer any more",
    "process": "the process that held {device} on {host} died",
}
_GO_ON = "what was measured is kept: run the same command again to continue"


class Held:
    """A device in the hands of its host, until it is closed."""

    def __init__(
        self, device: Device, resource: str, node: Node, host: str, session: RaySession
    ) -> None:
        """Asks Ray for the device.

        Args:
            device: which one.
            resource: that stands for it.
            node: the machine that has it.
            host: how messages call that.
            session: the cluster.
        """
        import ray

        self._ray: Any = ray
        self._device, self._resource, self._host = device, resource, host
        self._session = session
        options = _options(device, resource, node)
        self._holder: Any = ray.remote(**options)(Holder).remote()

    def begin(self, listener: Listener) -> None:
        """Waits until the host holds the device for this process.

        Raises:
            DeviceError: the host cannot begin, or has left.
        """
        begun = self._begun(listener)
        if begun.version != version.VERSION:
            raise DeviceError(
                f"{self._host} has hwnas {shown(begun.version)}, and this machine has "
                f"{version.VERSION}; install the same on both"
            )
        if begun.nice > 0:
            listener.warn(
                f"{self._host} measures {self._device.name} at a low priority (nice "
                f"{begun.nice}), as Ray starts its processes: other work there disturbs timings; "
                "start Ray there with the variable RAY_worker_niceness=0"
            )

    @contextmanager
    def link(self) -> Iterator["HeldLink"]:
        """A link to the device, made by its host.

        Raises:
            DeviceError: the host cannot make it, or is gone.
        """
        agent = self.ask("open", self._device)
        try:
            yield HeldLink(self, agent)
        finally:
            with suppress(DeviceError):
                self._leave()

    def ask(self, method: str, *arguments: Any) -> Any:
        """What a method of the holder returns.

        Raises:
            HwnasError: it returned that, or the host is gone.
        """
        return self._value(getattr(self._holder, method).remote(*arguments))

    def lines(self, job: Job) -> Iterator[str]:
        """The lines of a job; it is ended on its host when the iterator is closed.

        Raises:
            HwnasError: the holder says so, or the host is gone.
        """
        stream = self._holder.lines.remote(job.to_text())
        ended = False
        try:
            while True:
                self._await(stream)
                try:
                    line = self._value(next(stream))
                except StopIteration:
                    ended = True
                    return
                except DeviceError:
                    ended = True
                    raise
                yield line
        finally:
            if not ended:
                self._end(job, stream)

    def close(self) -> None:
        """Lets go of the device."""
        self._ray.kill(self._holder, no_restart=True)

    def _begun(self, listener: Listener) -> Begun:
        reference, start, said = self._holder.begin.remote(), time.monotonic(), False
        while not self._ray.wait([reference], timeout=LATEST_S)[0]:
            check_stop()
            if time.monotonic() - start < _PATIENCE_S:
                continue
            if not any(self._resource in one.resources for one in self._session.nodes()):
                raise DeviceError(self._lost("machine"))
            if not said:
                listener.say(
                    f"waiting for {self._device.name}: another job of the Ray cluster has it, or "
                    f"{self._host} is busy"
                )
            said = True
        try:
            begun: Begun = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            raise DeviceError(
                f"{self._host} cannot begin to measure {self._device.name}: {ray_sentence(error)}; "
                "every machine of a cluster needs the same versions of Python, ray and hwnas"
            ) from error
        return begun

    def _await(self, reference: Any) -> None:
        check_stop()
        while not self._ray.wait([reference], timeout=LATEST_S)[0]:
            check_stop()

    def _value(self, reference: Any) -> Any:
        self._await(reference)
        try:
            found = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError:
            raise  # an error of ours
        except self._ray.exceptions.RayError as error:
            raise DeviceError(f"{self._lost(what_died(error))}; {_GO_ON}") from error
        if isinstance(found, HwnasError):
            kind = next((kind for kind in _KINDS if isinstance(found, kind)), DeviceError)
            raise kind(f"{self._host}: {found}")
        return found

    def _lost(self, what: str) -> str:
        return _LOST[what].format(host=self._host, device=self._device.name)

    def _end(self, job: Job, stream: Any) -> None:
        """Ends a job, and waits until the holder has ended it."""
        self._holder.stop.remote(job.nonce)
        end = time.monotonic() + _CLOSING_S
        with suppress(StopIteration, self._ray.exceptions.RayError):
            while time.monotonic() < end:
                if self._ray.wait([stream], timeout=LATEST_S)[0]:
                    self._ray.get(next(stream))

    def _leave(self) -> None:
        """Has the files removed; does not wait for long, as there may be no host any more."""
        reference = self._holder.close.remote()
        if self._ray.wait([reference], timeout=_CLOSING_S)[0]:
            self._value(reference)


class HeldLink:
    """A `Link` through a device that is held by its host."""

    def __init__(self, held: Held, agent: str) -> None:
        """Takes what holds the device, and what fingerprints call its agent."""
        self._held = held
        self.agent = agent

    @property
    def sent_bytes(self) -> int:
        """Bytes that the host sent to the device so far, without the jobs."""
        return int(self._held.ask("sent_bytes"))

    def connect(self) -> None:
        """Has the host reach the device."""
        self._held.ask("connect")

    def write(self, name: str, content: bytes) -> None:
        """Sends a file to the host."""
        self._held.ask("write", name, content)

    def push(self, job: Job) -> None:
        """Has the host bring to the device what a job needs."""
        self._held.ask("push", job.to_text())

    def lines(self, job: Job) -> Iterator[str]:
        """Has the host run a job."""
        return self._held.lines(job)


def _options(device: Device, resource: str, node: Node) -> Mapping[str, Any]:
    """How the actor is made that holds a device."""
    # Who measures on a GPU of the host has it alone.
    own_gpu = device.runtime_spec.on_gpu and not device.remote
    return {
        "resources": {resource: 1},
        "num_cpus": 0,
        "num_gpus": 1 if own_gpu and node.resources.get("GPU", 0) >= 1 else 0,
        "max_restarts": 0,
        "max_task_retries": 0,
        "max_concurrency": 2,
    }
