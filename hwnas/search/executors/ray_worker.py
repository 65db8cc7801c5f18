"""Worker: evaluates candidates in a process of its own; an actor of Ray."""

import os
import platform
import sys
import time
from dataclasses import dataclass, replace

import psutil
from threadpoolctl import threadpool_limits

from hwnas.core import version
from hwnas.core.errors import HwnasError
from hwnas.core.registry import brief
from hwnas.search.outcome import Candidate, Evaluate, Outcome

# Between two looks at the memory, in seconds.
_LOOK_S = 0.02
_MB = 10**6


@dataclass(frozen=True)
class Loaded:
    """A worker that has received the evaluation.

    Attributes:
        version: of its hwnas.
        host: the name of its machine.
        memory_mb: that its process has before it evaluates.
    """

    version: str
    host: str
    memory_mb: float


@dataclass(frozen=True)
class Exceeded:
    """Which candidate a worker was at, counted from 1, when it had more memory than allowed."""

    candidate: int


class Worker:
    """Evaluates one candidate after another; no exception of an evaluation gets out of it."""

    def __init__(self, threads: int) -> None:
        """Begins.

        Args:
            threads: that numpy and PyTorch may use.
        """
        self._threads = threads
        # For what is imported from now on.
        os.environ["OMP_NUM_THREADS"] = str(threads)
        self._evaluate: Evaluate | None = None
        self._number = self._candidates = 0

    def load(self, number: int, evaluate: Evaluate) -> Loaded:
        """Takes the evaluation of the candidates that follow; of several, that of most number."""
        if number > self._number:
            self._number, self._evaluate = number, evaluate
        threadpool_limits(self._threads)
        return self.present()

    def present(self) -> Loaded:
        """Answers that it is there."""
        return Loaded(version.VERSION, platform.node(), _memory_mb())

    def evaluate(self, candidate: Candidate) -> Outcome:
        """What a candidate's evaluation gives; a failure where it raises something."""
        assert self._evaluate is not None
        self._candidates += 1
        torch = sys.modules.get("torch")
        if torch is not None:
            torch.set_num_threads(self._threads)
        start = time.perf_counter()
        try:
            outcome = self._evaluate(candidate)
        except HwnasError as error:
            outcome = Outcome(None, failure=str(error))
        except Exception as error:
            outcome = Outcome(None, failure=brief(error))
        except SystemExit as error:
            outcome = Outcome(None, failure=f"it ended its process with the code {error.code!r}")
        return replace(outcome, seconds=time.perf_counter() - start)

    def watch(self, most_mb: float) -> Exceeded:
        """Returns when the process has more memory than so many MB, at once or never."""
        while _memory_mb() <= most_mb:
            time.sleep(_LOOK_S)
        return Exceeded(self._candidates)


def _memory_mb() -> float:
    return float(psutil.Process(os.getpid()).memory_info().rss) / _MB
