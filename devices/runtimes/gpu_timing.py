"""Timing on a GPU as NVIDIA's trtexec does it, by a few calls that a test can simulate."""

import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle
from typing import Any, Protocol

from hwnas.core.errors import DeviceError

# As in trtexec, once per graph: later visits find the clocks as high as the visit before left them,
# and only the caches cold.
WARM_UP_MS = 200.0
SHORT_WARM_UP_MS, SHORT_WARM_UP_RUNS = 1.0, 4
# A visit of a graph of microseconds would otherwise take thousands of samples.
MOST_RUNS = 100
# So many inferences are enqueued while one runs, as trtexec does: the GPU finds the next one
# waiting, and the time between two events is its own and not that of the launch.
AHEAD = 1
# The step of CUDA's events; what is shorter is read as 0.
_STEP_MS = 0.0005

# The two warnings of trtexec, and one for work that is launched kernel by kernel.
ENQUEUE_BOUND, UNSTABLE, NO_GRAPH = "enqueue_bound", "unstable", "no_cuda_graph"
_ENQUEUE_SHARE, _MOST_VARIATION = 0.8, 0.025


class Stream(Protocol):
    """The operations of a CUDA stream that timing needs, see `cuda.Stream`."""

    def event(self) -> Any:
        """A mark that takes the time at which the GPU passes it."""

    def record(self, event: Any) -> None:
        """Puts a mark after all work so far."""

    def wait(self, event: Any) -> None:
        """Returns when the GPU has passed a mark."""

    def elapsed_ms(self, start: Any, end: Any) -> float:
        """Milliseconds between two marks."""

    def synchronize(self) -> None:
        """Returns when all work is done."""

    def capture(self, enqueue: Callable[[], None]) -> Callable[[], None]:
        """A function that launches the same work as one CUDA graph.

        Raises:
            DeviceError: the work cannot be captured.
        """


class GpuTimer:
    """Times one graph, visit by visit.

    Attributes:
        warnings: what was wrong with the last visit, of `enqueue_bound` (the processor took more
            than 0.8 times as long to launch an inference as the GPU to run it: the time is partly
            the launch's), `unstable` (the times' coefficient of variation is above 2.5 %: clocks
            moved, or others used the GPU) and `no_cuda_graph` (capturing one failed).
    """

    def __init__(
        self,
        stream: Stream,
        enqueue: Callable[[], None],
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        """Takes a function that enqueues one inference, and a clock in nanoseconds."""
        self._stream, self._enqueue, self._clock = stream, enqueue, clock
        self._launch: Callable[[], None] | None = None
        self._captured = False
        self._pairs = [(stream.event(), stream.event()) for _ in range(AHEAD + 1)]
        self._ends = cycle([stream.event(), stream.event()])
        self.warnings: tuple[str, ...] = ()

    def time(self, *, least_runs: int, least_ms: float) -> list[float]:
        """GPU milliseconds of consecutive inferences without transfers, see `LoadedGraph.time`.

        Raises:
            DeviceError: an inference failed.
        """
        inferences = self._inferences(self._warmed_launch())
        self._short_warm_up(inferences)
        samples, launches = list[float](), list[float]()
        start = self._clock()
        while len(samples) < least_runs or (
            self._clock() - start < least_ms * 1e6 and len(samples) < MOST_RUNS
        ):
            sample, launch = next(inferences)
            samples.append(sample)
            launches.append(launch)
        self._stream.synchronize()  # what was enqueued ahead would run into the next graph's visit
        self.warnings = tuple(self._judge(samples, launches))
        return samples

    def start(self, runs: int) -> Callable[[], None]:
        """Launches so many inferences without events between them, see `EnergyGraph.start`.

        Raises:
            DeviceError: an inference failed.
        """
        launch, end = self._warmed_launch(), next(self._ends)
        for _ in range(runs):
            launch()
        self._stream.record(end)
        return partial(self._stream.wait, end)

    def _warmed_launch(self) -> Callable[[], None]:
        """The function that launches an inference; the first visit warms up for long."""
        if self._launch is None:
            self._enqueue()  # the first one sets things up, which no graph may contain
            self._stream.synchronize()
            try:
                self._launch = self._stream.capture(self._enqueue)
                self._captured = True
            except DeviceError:  # the graph does something that cannot be captured
                self._launch = self._enqueue
            start = self._clock()
            inferences = self._inferences(self._launch)
            while self._clock() - start < WARM_UP_MS * 1e6:
                next(inferences)
            self._stream.synchronize()
        return self._launch

    def _short_warm_up(self, inferences: Iterator[tuple[float, float]]) -> None:
        """At least one inference, which begins while the GPU is idle: see `AHEAD`."""
        start, runs = self._clock(), 0
        while not runs or (
            self._clock() - start < SHORT_WARM_UP_MS * 1e6 and runs < SHORT_WARM_UP_RUNS
        ):
            next(inferences)
            runs += 1

    def _inferences(self, launch: Callable[[], None]) -> Iterator[tuple[float, float]]:
        """Milliseconds on the GPU, and of launching it, of one inference after another."""
        stream, clock = self._stream, self._clock
        waiting: deque[tuple[Any, Any, int]] = deque()
        count = 0
        while True:
            while len(waiting) <= AHEAD:
                start, end = self._pairs[count % len(self._pairs)]
                stream.record(start)
                before = clock()
                launch()
                taken = clock() - before
                stream.record(end)
                waiting.append((start, end, taken))
                count += 1
            start, end, taken = waiting.popleft()
            stream.wait(end)
            yield max(stream.elapsed_ms(start, end), _STEP_MS), taken / 1e6

    def _judge(self, samples: Sequence[float], launches: Sequence[float]) -> Iterator[str]:
        if statistics.median(launches) > _ENQUEUE_SHARE * statistics.median(samples):
            yield ENQUEUE_BOUND
        if is_unstable(samples):
            yield UNSTABLE
        if not self._captured:
            yield NO_GRAPH


def is_unstable(samples: Sequence[float]) -> bool:
    """Whether the coefficient of variation of some times is above 2.5 %, as trtexec warns of."""
    return statistics.pstdev(samples) > _MOST_VARIATION * statistics.fmean(samples)
