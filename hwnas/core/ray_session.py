"""Ray for one command: started on this machine, or a cluster that is joined; quiet both times."""

import logging
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import psutil

from hwnas.core.errors import ConfigError, RunError
from hwnas.core.files import reason
from hwnas.core.foreign_text import shown
from hwnas.core.registry import brief
from hwnas.core.workspace import temporary_folder

_CLIENT = "ray://"
# A cluster answers within so many seconds, or is not there.
_REACHED_S = 5.0
# The path of a socket may have 107 characters, of which Ray needs some 60.
_LONGEST_FOLDER = 40
# On a busy machine Ray may give up: its raylet waits for its own agents for 15 seconds, and nothing
# changes that. So often it is started.
_STARTS = 3
# What was started ends within so many seconds, or is killed.
_ENDS_S, _LOOK_S = 20.0, 0.02
# What Ray reads once, when it is imported or starts its processes.
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1"}


@dataclass(frozen=True)
class Node:
    """A machine of a cluster, or a part of one that Ray takes for a machine.

    Attributes:
        id: by which Ray knows it.
        address: in the network of the cluster; those of one machine have the same one.
        name: as the machine calls itself.
        resources: how much it has of each, by Ray's names: "CPU", "GPU", and others.
    """

    id: str
    address: str
    name: str
    resources: Mapping[str, float]

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Node":
        """From what `ray.nodes()` says of it."""
        name = str(said["NodeManagerHostname"])
        return cls(said["NodeID"], said["NodeManagerAddress"], name, dict(said["Resources"]))


class RaySession:
    """A Ray that is there; ended with `close` where it was started for this command.

    Attributes:
        folder: of the logs of a Ray that was started; None of another.
    """

    def __init__(
        self, address: str | None, *, cpus: int = 1, store_mb: float | None = None
    ) -> None:
        """Starts Ray on this machine, or joins a cluster; one that is in use already is used.

        Args:
            address: of a cluster: "auto", "HOST:PORT" or "ray://HOST:PORT"; None for this machine.
            cpus: that a Ray which is started gives out.
            store_mb: memory for what is sent to its workers; None for what Ray takes.

        Raises:
            ConfigError: that is no address.
            RunError: Ray cannot be started, or there is no such cluster.
        """
        check_ray()
        if address is not None:
            _check_reachable(address)
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        import ray

        self.folder: Path | None = None
        self._held = ExitStack()
        self._ours, self._begun = not ray.is_initialized(), False
        if not self._ours:
            pass
        elif address is None:
            self._start(ray, cpus, store_mb)
        else:
            self._join(ray, address)

    def nodes(self) -> list[Node]:
        """The machines of the cluster that are there now."""
        import ray

        return [Node.of(one) for one in ray.nodes() if one["Alive"]]

    def close(self) -> None:
        """Ends what was started: every process, and the folder of its logs."""
        if self._ours:
            import ray

            started = [] if self.folder is None else _processes_of(self.folder)
            with _own_sigterm():
                ray.shutdown()
            _see_off(started, _ENDS_S if self._begun else 0.0)
        self._held.close()

    def _start(self, ray: Any, cpus: int, store_mb: float | None) -> None:
        base = tempfile.gettempdir()
        place = Path(base if len(base) <= _LONGEST_FOLDER else "/tmp")
        options: dict[str, Any] = {"num_cpus": cpus, "include_dashboard": False}
        if store_mb is not None:
            options["object_store_memory"] = int(store_mb * 10**6)
        for left in reversed(range(_STARTS)):
            made = temporary_folder(place, "hwnas-ray-", error=RunError)
            self.folder = self._held.enter_context(made)
            try:
                self._init(ray, address="local", _temp_dir=str(self.folder), **options)
            except Exception as error:  # Ray raises bare ones
                self.close()
                if not left:
                    raise RunError(
                        f"Ray cannot be started on this machine ({brief(error)}); where the "
                        "machine is very busy, try again later, or search without workers"
                    ) from error
            else:
                self._begun = True
                return

    def _join(self, ray: Any, address: str) -> None:
        try:
            self._init(ray, address=address)
        except ImportError as error:
            raise RunError(
                f"the address {shown(address)} needs Ray's client; run \"pip install "
                "'ray[client]'\", or join the cluster with 'ray start' and give --ray auto"
            ) from error
        except Exception as error:
            self.close()
            raise _unreachable(address, brief(error)) from error

    def _init(self, ray: Any, **options: Any) -> None:
        with _own_sigterm():
            ray.init(log_to_driver=False, logging_level=logging.CRITICAL, **options)
        # Messages on workers that died come by another way than logs; hwnas says that itself.
        ray._private.worker._worker_logs_enabled = False


def _processes_of(folder: Path) -> list[psutil.Process]:
    """Those of a Ray that this process has started with a folder for its logs."""
    found: list[psutil.Process] = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # it has ended
            if any(str(folder) in word for word in child.cmdline()):
                found += [child, *child.children(recursive=True)]
    return found


def _see_off(processes: Sequence[psutil.Process], within_s: float) -> None:
    """Waits until processes have ended: they would write into a folder that is gone."""
    end = time.monotonic() + within_s
    while left := [one for one in processes if _runs(one)]:
        if time.monotonic() > end:
            for one in left:
                with suppress(psutil.Error):
                    one.kill()
            return
        time.sleep(_LOOK_S)


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def check_ray() -> None:
    """Refuses to go on without the package ray.

    Raises:
        ConfigError: it is not installed.
    """
    if find_spec("ray") is None:
        raise ConfigError(
            "workers need the package ray; run \"pip install 'hwnas[ray]'\", or leave --workers "
            "and --ray out"
        )


def _check_reachable(address: str) -> None:
    """Refuses an address where nothing answers, for which Ray would wait for minutes.

    Raises:
        RunError: nothing answers, or it is no address.
    """
    named = os.environ.get("RAY_ADDRESS", address) if address == "auto" else address
    if named == "auto":
        return
    host, _, port = named.removeprefix(_CLIENT).rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ConfigError(
            f"'{shown(named)}' is no address of a Ray cluster; write auto, HOST:PORT or "
            "ray://HOST:PORT"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), _REACHED_S).close()
    except OSError as error:
        raise _unreachable(named, reason(error)) from error


def _unreachable(address: str, why: str) -> RunError:
    return RunError(
        f"the Ray cluster '{shown(address)}' cannot be joined ({why}); start it with 'ray start "
        "--head', name another address with --ray, or, where the cluster has a token, set "
        "RAY_AUTH_MODE=token"
    )


def what_died(error: Exception) -> Literal["machine", "memory", "link", "process"]:
    """What an error of Ray says has happened to an actor.

    Its machine left, the memory there ran out, it does not answer, or its process died by itself.
    """
    text = str(error)
    if "node has died" in text or type(error).__name__ == "NodeDiedError":
        return "machine"
    if type(error).__name__ == "OutOfMemoryError" or "memory pressure" in text:
        return "memory"
    return "link" if type(error).__name__ == "ActorUnavailableError" else "process"


def ray_sentence(error: Exception) -> str:
    """The last line of a text of Ray, which may be a whole traceback: what was raised."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return shown(lines[-1] if lines else type(error).__name__)


@contextmanager
def _own_sigterm() -> Iterator[None]:
    """Keeps what this process does on SIGTERM, which Ray replaces."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
