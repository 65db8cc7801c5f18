"""Holder: holds a device of its host for one conversation; an actor of Ray."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TypeVar

from hwnas.core import version
from hwnas.core.errors import DeviceError, EnergyError, HwnasError, LinkError
from hwnas.devices.device import Device
from hwnas.devices.job import Job
from hwnas.devices.link import DirectLink, direct_link
from hwnas.devices.stopping import stopped_by

T = TypeVar("T")

# What a target does in other ways than with other errors of a device.
_KINDS = (LinkError, EnergyError)


@dataclass(frozen=True)
class Begun:
    """A holder that is there.

    Attributes:
        version: of its hwnas.
        nice: by how much what it starts gives way to others, 0 for not at all.
    """

    version: str
    nice: int


class Holder:
    """Does on its host what a link does, while it is the one that holds the device.

    What fails is not raised but returned, as an error of hwnas: Ray would wrap it. Two of its
    methods may run at a time, of which one is `stop` or `close`.
    """

    def __init__(self) -> None:
        """Reaches nothing yet."""
        # An older Ray hides the GPUs from what has asked it for none.
        if os.environ.get("CUDA_VISIBLE_DEVICES") == "":
            del os.environ["CUDA_VISIBLE_DEVICES"]
        self._raylet = os.getppid()
        self._link: DirectLink | None = None
        self._open = ExitStack()
        self._alone = threading.Lock()
        self._leaving = threading.Event()
        self._stopped: dict[str, threading.Event] = {}

    def begin(self) -> Begun:
        """Answers that the device is held."""
        _give_way_to_nobody()
        return Begun(version.VERSION, os.getpriority(os.PRIO_PROCESS, 0))

    def open(self, device: Device) -> str | HwnasError:
        """Makes the link; returns what fingerprints call the agent."""

        def opened() -> str:
            with ExitStack() as opening:
                self._link = opening.enter_context(direct_link(device))
                agent = self._link.agent
                self._open = opening.pop_all()
            return agent

        self._leaving = threading.Event()
        return self._done(opened)

    def connect(self) -> HwnasError | None:
        """See `Link.connect`."""
        return self._done(self._made.connect)

    def write(self, name: str, content: bytes) -> HwnasError | None:
        """See `Link.write`."""
        return self._done(lambda: self._made.write(name, content))

    def push(self, job: str) -> HwnasError | None:
        """See `Link.push`; takes the text of a job."""
        return self._done(lambda: self._made.push(Job.from_text(job)))

    def sent_bytes(self) -> int | HwnasError:
        """See `Link.sent_bytes`."""
        return self._done(lambda: self._made.sent_bytes)

    def lines(self, job: str) -> Iterator[str | HwnasError]:
        """See `Link.lines`; takes the text of a job. An error is the last of them."""
        made = Job.from_text(job)
        with self._alone, stopped_by(self._stop_of(made.nonce)):
            _give_way_to_nobody()
            try:
                yield from self._made.lines(made)
            except HwnasError as error:
                self._leave_with_ray()
                yield _told(error)
            except KeyboardInterrupt:  # by stop
                return

    def stop(self, nonce: str) -> None:
        """Ends the job of a nonce, whether it has begun yet or not."""
        self._stop_of(nonce).set()

    def close(self) -> HwnasError | None:
        """Ends what still runs, and removes the files."""
        self._leaving.set()
        with self._alone, suppress(HwnasError):
            self._open.close()
        self._link = None
        return None

    @property
    def _made(self) -> DirectLink:
        assert self._link is not None
        return self._link

    def _done(self, what: Callable[[], T]) -> T | HwnasError:
        try:
            with self._alone, stopped_by(self._leaving):
                _give_way_to_nobody()
                return what()
        except HwnasError as error:
            return _told(error)
        except KeyboardInterrupt:  # by close
            return DeviceError("it was stopped")

    def _leave_with_ray(self) -> None:
        """Ends this process where Ray has ended on its host: the device's agent ended with that.

        Ray ends what its processes have started first, and themselves within a second.
        """
        if os.getppid() != self._raylet:
            os._exit(1)

    def _stop_of(self, nonce: str) -> threading.Event:
        return self._stopped.setdefault(nonce, threading.Event())


def _told(error: HwnasError) -> HwnasError:
    """An error that can be sent: of the kinds that a target tells apart."""
    kind = next((kind for kind in _KINDS if isinstance(error, kind)), DeviceError)
    return kind(str(error))


def _give_way_to_nobody() -> None:
    """Takes the usual priority for this thread, and what it starts, where that is allowed.

    Ray starts its processes with a nice value of 15 (RAY_worker_niceness).
    """
    with suppress(OSError):
        if os.getpriority(os.PRIO_PROCESS, 0) > 0:
            os.setpriority(os.PRIO_PROCESS, 0, 0)
