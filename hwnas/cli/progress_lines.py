"""Progress for logs: where stderr is no terminal, a line now and then in place of a bar."""

import time
from collections.abc import Callable

# Seconds between two lines of one task: a log of hours stays readable, and is never silent.
EVERY = 30.0


class ProgressLines:
    """The lines of one task: its start, where it is now and then, and its end."""

    def __init__(
        self,
        title: str,
        unit: str,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Says the title; `unit` is what is counted, as in "steps"."""
        self._title, self._unit, self._say, self._clock = title, unit, say, clock
        self._begun = self._last = clock()
        self._first: tuple[float, int] | None = None
        self._state = (0, 0, "")
        say(f"{title} …")

    def update(self, done: int, total: int, note: str = "") -> None:
        """Takes what is done of all there is; says so when the last line is old."""
        now = self._clock()
        # What an earlier command had done says nothing about the speed of this one.
        if self._first is None or done < self._first[1]:
            self._first = (now, done)
        self._state = (done, total, note)
        if now - self._last >= EVERY:
            self._last = now
            self._say(self._line() + self._left(now))

    def end(self) -> None:
        """Says how far it came."""
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


def duration(seconds: float) -> str:
    """Seconds as a person says them: 45 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
