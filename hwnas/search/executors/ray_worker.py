"""Worker: does jobs in a process of its own; an actor of Ray."""

import os
import platform
import sys
import time
from dataclasses import dataclass
from typing import Any

import psutil
from threadpoolctl import threadpool_limits

from hwnas.core import version
from hwnas.core.errors import HwnasError
from hwnas.core.registry import brief
from hwnas.search.executors.jobs import Done, Job, Work, tell, told

# Between two looks at the memory, and until it is said how far a job is, in seconds.
_LOOK_S, _FOLLOW_S = 0.02, 0.5
_MB = 10**6


@dataclass(frozen=True)
class Loaded:
    """A worker that has received its work.

    Attributes:
        version: of its hwnas.
        host: the name of its machine.
        memory_mb: that its process has before its first job.
    """

    version: str
    host: str
    memory_mb: float


@dataclass(frozen=True)
class Exceeded:
    """Which job a worker was at, counted from 1, when it had more memory than allowed."""

    job: int


class Worker:
    """Does one job after another; no exception of a job gets out of it."""

    def __init__(self, threads: int) -> None:
        """Begins.

        Args:
            threads: that numpy and PyTorch may use.
        """
        self._threads = threads
        # For what is imported from now on.
        os.environ["OMP_NUM_THREADS"] = str(threads)
        self._work: Work[Any, Any] | None = None
        self._number = self._jobs = 0

    def load(self, number: int, work: Work[Any, Any]) -> Loaded:
        """Takes how the jobs that follow are done; of several, that of most number."""
        if number > self._number:
            self._number, self._work = number, work
        threadpool_limits(self._threads)
        return self.present()

    def present(self) -> Loaded:
        """Answers that it is there."""
        return Loaded(version.VERSION, platform.node(), _memory_mb())

    def do(self, job: Job) -> Done[Any]:
        """What comes of a job; a failure where it raises something."""
        assert self._work is not None
        self._jobs += 1
        tell(0, 0)
        torch = sys.modules.get("torch")
        if torch is not None:
            torch.set_num_threads(self._threads)
        start = time.perf_counter()
        value, failure = None, None
        try:
            value = self._work(job)
        except HwnasError as error:
            failure = str(error)
        except Exception as error:
            failure = brief(error)
        except SystemExit as error:
            failure = f"it ended its process with the code {error.code!r}"
        return Done(value, time.perf_counter() - start, failure)

    def how_far(self) -> tuple[int, int]:
        """How much of its job is done, of how much, as it has told; some time after the call."""
        time.sleep(_FOLLOW_S)
        return told()

    def watch(self, most_mb: float) -> Exceeded:
        """Returns when the process has more memory than so many MB, at once or never."""
        while _memory_mb() <= most_mb:
            time.sleep(_LOOK_S)
        return Exceeded(self._jobs)


def _memory_mb() -> float:
    return float(psutil.Process(os.getpid()).memory_info().rss) / _MB
