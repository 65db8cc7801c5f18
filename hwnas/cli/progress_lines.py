"""Progress for logs: where stderr is not a terminal, a line now and then in place of a bar."""

import threading
import time
from collections.abc import Callable, Sequence

from hwnas.core.durations import duration

# Seconds between two lines of one task: a log of hours stays readable, and is never silent.
EVERY = 30.0
# Seconds after which work that counts something is named although nothing was counted yet.
_SILENCE = 2.0
# The share of all there is that the first report of this command may not reach, if it began anew.
_RESUMED = 0.05


class ProgressLines:
    """The lines of one task: its start, where it is now and then, and its end."""

    def __init__(
        self,
        title: str,
        unit: str,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Says the title at once, or with a `unit`, as in "steps", when the work has begun.

        What an earlier command had finished counts nothing any more, and is not called begun.
        """
        self._title, self._unit, self._say, self._clock = title, unit, say, clock
        self._begun = self._last = clock()
        self._first: tuple[float, int] | None = None
        self._state = (0, 0, "")
        self._below: Sequence[str] = ()
        self._lock = threading.Lock()
        self._named = False
        # Work that is slow to begin is named all the same.
        self._timer = threading.Timer(_SILENCE, self._name)
        self._timer.daemon = True
        if unit:
            self._timer.start()
        else:
            self._name()

    def update(self, done: int, total: int, note: str = "", below: Sequence[str] = ()) -> None:
        """Takes what is done of all there is; says so when the last line is old."""
        self._timer.cancel()
        self._name()
        now = self._clock()
        resumed = self._first is None and _RESUMED * total <= done < total
        # What an earlier command had done says nothing about the speed of this one.
        if self._first is None or done < self._first[1]:
            self._first = (now, done)
        self._state, self._below = (done, total, note), below
        if resumed:
            self._say(self._line())
        if now - self._last >= EVERY:
            self._last = now
            # What is below says how much time is left, and knows better.
            more = "; ".join(["", *below]) if below else self._left(now)
            self._say(self._line() + more)

    def _name(self) -> None:
        with self._lock:
            if not self._named:
                self._named = True
                self._say(f"{self._title} …")

    def stop(self) -> None:
        """Says no more: the work has failed."""
        self._timer.cancel()

    def end(self) -> None:
        """Says how far it came."""
        self.stop()
        if self._state[1]:
            taken = self._clock() - self._begun
            self._say(self._line() + (f", took {duration(taken)}" if taken >= EVERY else ""))

    def _line(self) -> str:
        done, total, note = self._state
        counted = f"{done:,} of {total:,} {self._unit}".rstrip()
        return f"{self._title}: {counted}" + (f", {note}" if note else "")

    def _left(self, now: float) -> str:
        done, total, _ = self._state
        start, first = self._first or (now, done)
        if done <= first:
            return ""
        return f", about {duration((now - start) / (done - first) * (total - done))} left"
