"""Ray for one search: started on this machine, or a cluster that is joined; quiet in both cases."""

import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hwnas.core.errors import ConfigError, RunError
from hwnas.core.files import reason
from hwnas.core.foreign_text import shown
from hwnas.core.registry import brief

_CLIENT = "ray://"
# A cluster answers within so many seconds, or is not there.
_REACHED_S = 5.0
# The path of a socket may have 107 characters, of which Ray needs some 60.
_LONGEST_FOLDER = 40
# What Ray reads once, when it is imported or starts its processes.
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1"}


@dataclass(frozen=True)
class Share:
    """What each worker gets of its machine.

    Attributes:
        cpus: as Ray counts them.
        gpus: 1, or a part of one that it shares.
        threads: that it may use.
    """

    cpus: int
    gpus: float
    threads: int


class RaySession:
    """A Ray that is there; ended with `close` where it was started for this search.

    Attributes:
        workers: how many there are to be.
        cpus: of each machine.
        folder: of the logs of a Ray that was started; None of another.
    """

    def __init__(
        self, workers: int | None, address: str | None, store_mb: float | None = None
    ) -> None:
        """Starts Ray on this machine, or joins a cluster; one that is in use already is used.

        Args:
            workers: how many there are to be; None for one on each CPU of a cluster.
            address: of a cluster: "auto", "HOST:PORT" or "ray://HOST:PORT"; None for this machine.
            store_mb: memory for what is sent to workers; None for what Ray takes.

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
        self._ours = not ray.is_initialized()
        if not self._ours:
            pass
        elif address is None:
            self._start(ray, workers or 1, store_mb)
        else:
            self._join(ray, address)
        try:
            nodes = [one["Resources"] for one in ray.nodes() if one["Alive"]]
            self.cpus = [int(one.get("CPU", 0)) for one in nodes]
            self._gpus = int(sum(one.get("GPU", 0) for one in nodes))
        except BaseException:
            self.close()
            raise
        self.workers = workers or max(1, sum(self.cpus))

    def share(self, *, of_gpus: bool) -> Share:
        """The most that each worker can have; `of_gpus` says whether evaluations compute there."""
        most = max([1, *self.cpus])
        fitting = (n for n in range(most, 1, -1) if self.places(n) >= self.workers)
        gpus = 0.0
        if of_gpus and self._gpus:
            gpus = 1.0 / -(-self.workers // self._gpus)
        cpus = next(fitting, 1)
        # A Ray that was started for them has one CPU a worker, so that it starts no more processes.
        alone = self.folder is not None
        return Share(cpus, gpus, max(1, cores() // self.workers) if alone else cpus)

    def places(self, cpus: int) -> int:
        """How many workers of so many CPUs find place."""
        return sum(each // cpus for each in self.cpus)

    def close(self) -> None:
        """Ends what was started: every process, and the folder of its logs."""
        if self._ours:
            import ray

            with _own_sigterm():
                ray.shutdown()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, ray: Any, cpus: int, store_mb: float | None) -> None:
        base = tempfile.gettempdir()
        place = base if len(base) <= _LONGEST_FOLDER else "/tmp"
        self.folder = Path(tempfile.mkdtemp(prefix="hwnas-ray-", dir=place))
        store = {} if store_mb is None else {"object_store_memory": int(store_mb * 10**6)}
        try:
            self._init(
                ray,
                address="local",
                num_cpus=cpus,
                include_dashboard=False,
                _temp_dir=str(self.folder),
                **store,
            )
        except Exception as error:  # Ray raises bare ones
            self.close()
            raise RunError(
                f"Ray cannot be started on this machine ({brief(error)}); where the machine is "
                "very busy, try again later, or search without workers"
            ) from error

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


def cores() -> int:
    """How many CPUs this process may use."""
    allowed: Any = getattr(os, "sched_getaffinity", None)  # of Linux
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


def computes_on_gpus() -> bool:
    """Whether this process has begun to use a GPU with PyTorch."""
    torch: Any = sys.modules.get("torch")
    return torch is not None and bool(torch.cuda.is_initialized())


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


def remote_options(share: Share, *, watched: bool) -> Mapping[str, Any]:
    """How an actor is made that is a worker; `watched`: something looks at it while it works."""
    return {
        "num_cpus": share.cpus,
        "num_gpus": share.gpus,
        "max_restarts": 0,
        "max_task_retries": 0,
        "max_concurrency": 2 if watched else 1,
    }
