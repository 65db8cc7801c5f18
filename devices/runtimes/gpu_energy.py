"""Energy of inferences on a GPU, by the counter of its whole board, which moves in steps.

NVML's counter holds the millijoules since the driver was loaded, and changes every 20 to 100 ms
(PETSc's PetscLogGpuEnergyMeter). Between two readings at arbitrary moments the energy of one step
at either end is missing or too much. So a visit lasts from one change of the counter to another
and counts the inferences between them, while the GPU always has the next ones to do.
"""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from time import perf_counter_ns, sleep

from hwnas.core.errors import DeviceError, EnergyError

# The power follows the work by some tenths of a second, as clocks and sensors do.
WARM_UP_MS = 200.0
# The counter is looked at between batches of inferences: often in a step, not after each inference.
BATCH_MS = 2.0
MOST_IN_BATCH = 1 << 14
# A batch takes so many times as long as a reading, during which the GPU has no more than that one.
_TIMES_A_READING = 4.0
_READINGS = 5
# So many batches from change to change, where a batch is one slow inference: a change is seen up to
# a batch late. But no visit takes minutes, which a host takes for silence.
LEAST_BATCHES = 50
LONGEST_MS = 30_000.0
# A board at rest uses more than a watt, so that a counter that stands still for so long counts not.
LONGEST_STEP_MS = 2000.0
_LOOK_AGAIN_S = 0.01

Start = Callable[[int], Callable[[], None]]
"""Starts so many inferences and returns what waits for their end, see `runtime.EnergyGraph`."""


@dataclass(frozen=True)
class BoardEnergy:
    """The energy of the whole board while a graph ran again and again.

    Attributes:
        millijoules: per inference, including what the board uses at rest.
        inferences: counted.
        ms: from the first of them to the last.
    """

    millijoules: float
    inferences: int
    ms: float


@dataclass(frozen=True)
class _Change:
    """A reading of the counter that differs from the one before."""

    inferences: int
    millijoules: float
    ns: int


class EnergyMeter:
    """Measures the energy of inferences on one GPU."""

    def __init__(
        self, counter: Callable[[], float | None], clock: Callable[[], int] | None = None
    ) -> None:
        """Takes the board's counter in mJ, and a clock in nanoseconds."""
        self._counter, self._clock = counter, clock or perf_counter_ns

    def check(self) -> None:
        """Checks that the counter counts, as it does even at rest.

        Raises:
            DeviceError: the counter does not move, or there is none.
        """
        before, start = self._read(), self._clock()
        while self._read() == before:
            self._refuse_standstill(start)
            sleep(_LOOK_AGAIN_S)

    def measure(self, start: Start, *, least_ms: float) -> BoardEnergy:
        """Runs a graph again and again, for `least_ms` and until the counter changes then.

        Raises:
            DeviceError: the counter stood still or was reset, or an inference failed.
        """
        runs = self._batch(start)
        begin = self._clock()
        with closing(self._changes(start, runs)) as changes:
            first = next(one for one in changes if one.ns - begin >= WARM_UP_MS * 1e6)
            last = next(
                one
                for one in changes
                if one.ns - first.ns >= least_ms * 1e6
                and (
                    one.inferences - first.inferences >= LEAST_BATCHES * runs
                    or one.ns - first.ns >= LONGEST_MS * 1e6
                )
            )
        inferences, used = last.inferences - first.inferences, last.millijoules - first.millijoules
        if used <= 0:
            raise DeviceError(
                "the energy counter of this GPU was reset, as when its driver is loaded again; run "
                "the same command again"
            )
        return BoardEnergy(used / inferences, inferences, (last.ns - first.ns) / 1e6)

    def _batch(self, start: Start) -> int:
        """How many inferences take as long as a batch should."""
        start(1)()  # the first inference sets things up
        begin = self._clock()
        for _ in range(_READINGS):
            self._read()
        reading_ns = (self._clock() - begin) / _READINGS
        least_ns = max(BATCH_MS * 1e6, _TIMES_A_READING * reading_ns)
        runs = 1
        while runs < MOST_IN_BATCH:
            begin = self._clock()
            start(runs)()
            if self._clock() - begin >= least_ns:
                break
            runs *= 2
        return runs

    def _changes(self, start: Start, runs: int) -> Generator[_Change, None, None]:
        """Every change of the counter, with the inferences done by then."""
        before, since, done = self._read(), self._clock(), 0
        wait = start(runs)
        try:
            while True:
                following = start(runs)  # what the GPU does while the counter is read
                wait()
                wait = following
                done += runs
                found = self._read()
                if found != before:
                    before, since = found, self._clock()
                    yield _Change(done, found, since)
                else:
                    self._refuse_standstill(since)
        finally:
            wait()  # otherwise it would run into the next visit

    def _read(self) -> float:
        found = self._counter()
        if found is None:
            raise EnergyError(
                "the energy of this GPU cannot be read: NVML counts it on NVIDIA GPUs since Volta, "
                "but not on a Jetson, a part of a GPU (MIG) or a virtual GPU, and hwnas reads it "
                "by the package nvidia-ml-py; install that on the target, or measure without energy"
            )
        return found

    def _refuse_standstill(self, since: int) -> None:
        if self._clock() - since > LONGEST_STEP_MS * 1e6:
            raise EnergyError(
                "the energy counter of this GPU does not move; measure without energy"
            )
