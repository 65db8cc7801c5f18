"""Round: jobs that workers of Ray do side by side, with what becomes of workers that die."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from hwnas.core.foreign_text import shown
from hwnas.core.listener import Listener
from hwnas.core.ray_session import what_died
from hwnas.search.executors.evaluation_limits import EvaluationLimits
from hwnas.search.executors.jobs import Done, Job
from hwnas.search.executors.ray_pool import Member, RayPool
from hwnas.search.executors.ray_worker import Exceeded
from hwnas.search.outcome import Ended

HowFar = Callable[[int, int, int], None]
"""Called with the index of a job, how much of it is done, and how much there is."""

# A job whose worker dies is tried again so often.
_TRIES = 3
_CAUSES = {
    "machine": "the machine of a worker left the cluster",
    "memory": "a worker was ended since the memory of its machine ran out",
    "link": "the process of a worker died",  # or its machine: what is tried elsewhere either way
    "process": "the process of a worker died",
}
# After so many seconds without any worker, that is said; and how often that is looked at.
_WAIT_S, _LOOK_S = 30.0, 5.0


@dataclass(frozen=True)
class _Running:
    """A job that a worker is at, and when it is to be ended."""

    index: int
    job: Job
    worker: Member
    end: float | None


class Round:
    """Jobs that are done: those that workers are at, and those to be tried again."""

    def __init__(
        self,
        pool: RayPool,
        jobs: Iterable[Job],
        limits: EvaluationLimits,
        listener: Listener,
        heard: HowFar | None,
    ) -> None:
        import ray

        self._ray: Any = ray
        self._pool, self._limits, self._listener, self._heard = pool, limits, listener, heard
        self._new = iter(enumerate(jobs))
        self._all_taken = False
        self._again: deque[tuple[int, Job]] = deque()
        self._deaths: Counter[int] = Counter()
        self._running: dict[Any, _Running] = {}
        self._asked: dict[Any, Any] = {}
        self._alone_since: float | None = None

    def ends(self) -> Iterator[tuple[int, Done[Any]]]:
        """Each index with what became of the job."""
        self._pool.begin()
        try:
            while self._running or self._again or not self._all_taken:
                self._pool.fill()
                self._start()
                for ended in self._next():
                    yield ended
                    self._start()
        finally:
            if not self._pool.closed:
                for running in self._running.values():  # after an exception or an interruption
                    self._pool.remove(running.worker)

    def _start(self) -> None:
        while self._pool.idle and (taken := self._take()) is not None:
            index, job = taken
            reference, worker = self._pool.start(job)
            seconds = self._limits.seconds
            end = None if seconds is None else time.monotonic() + seconds
            self._running[reference] = _Running(index, job, worker, end)
        self._pool.show_idle()

    def _take(self) -> tuple[int, Job] | None:
        """The next job with its index, None where none is left."""
        if self._again:
            return self._again.popleft()
        taken = None if self._all_taken else next(self._new, None)
        self._all_taken = taken is None
        return taken

    def _next(self) -> Iterator[tuple[int, Done[Any]]]:
        """What ends next, if anything does within some seconds."""
        now = time.monotonic()
        ends = [one.end for one in self._running.values() if one.end is not None]
        timeout = min([_LOOK_S, *(max(0.0, end - now) for end in ends)])
        self._ask()
        awaited = [*self._running, *self._asked, *self._pool.events]
        ready, _ = self._ray.wait(awaited, num_returns=1, timeout=timeout)
        for reference in ready:
            if reference in self._running:
                yield from self._end(reference)
            elif reference in self._asked:
                self._answered(reference)
            elif (exceeded := self._pool.event(reference)) is not None:
                yield from self._over_memory(*exceeded)
        yield from self._over_time()
        self._say_if_alone()

    def _ask(self) -> None:
        """Asks each worker how far it is, unless it is about to answer that."""
        if self._heard is not None:
            for reference in self._running.keys() - self._asked.values():
                worker = self._running[reference].worker
                self._asked[worker.actor.how_far.remote()] = reference

    def _answered(self, answer: Any) -> None:
        running = self._running.get(self._asked.pop(answer))
        if running is None or self._heard is None:
            return  # it is at another job by now
        try:
            done, total = self._ray.get(answer)
        except self._ray.exceptions.RayError:
            return  # the job says so too
        if total:
            self._heard(running.index, done, total)

    def _end(self, reference: Any) -> Iterator[tuple[int, Done[Any]]]:
        running = self._running.pop(reference)
        try:
            done: Done[Any] = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            # What a job raises is in what it ends with: this is of what came with it.
            self._pool.rest(running.worker)
            last = shown(str(error).strip().splitlines()[-1])
            yield _failed(running, f"it cannot be sent to or from a worker: {last}")
        except self._ray.exceptions.RayError as error:
            self._pool.remove(running.worker)
            self._pool.doubt()  # its machine may have had others
            yield from self._died(running, _CAUSES[what_died(error)])
        else:
            self._pool.rest(running.worker)
            yield running.index, done

    def _died(self, running: _Running, cause: str) -> Iterator[tuple[int, Done[Any]]]:
        """Has a job tried again whose worker died, or gives it up."""
        self._deaths[running.index] += 1
        deaths = self._deaths[running.index]
        if deaths == _TRIES:
            yield _failed(running, f"{cause} at each of {deaths} tries")
            return
        self._again.append((running.index, running.job))
        self._listener.warn(
            f"{cause}; what it was at is tried again ({deaths + 1} of {_TRIES}), and the rest goes "
            "on"
        )

    def _over_memory(self, worker: Member, exceeded: Exceeded) -> Iterator[tuple[int, Done[Any]]]:
        at = [ref for ref, one in self._running.items() if one.worker is worker]
        running = self._running.pop(at[0]) if at else None
        self._pool.remove(worker)
        if running is None:
            return
        if worker.jobs == exceeded.job:
            most = f"it had more than {self._limits.memory_mb:g} MB of memory"
            text = f"{most} (search.limits.memory_mb)"
            yield _failed(running, text, ended=self._ended_by("memory_mb"))
        else:  # what it held is of the job before
            self._again.append((running.index, running.job))

    def _over_time(self) -> Iterator[tuple[int, Done[Any]]]:
        now = time.monotonic()
        over = [ref for ref, one in self._running.items() if one.end is not None and one.end <= now]
        for reference in over:
            if self._ray.wait([reference], timeout=0)[0]:
                continue  # it has ended just now
            running = self._running.pop(reference)
            self._pool.remove(running.worker)
            seconds = self._limits.seconds or 0.0
            text = f"it took more than {seconds:g} s (search.limits.seconds)"
            yield _failed(running, text, seconds, self._ended_by("seconds"))

    def _ended_by(self, name: str) -> Ended:
        return Ended(name, float(getattr(self._limits, name)))

    def _say_if_alone(self) -> None:
        """Says, once, that no worker has been there for some time."""
        if self._running or self._pool.idle:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = time.monotonic()
        elif time.monotonic() - self._alone_since > _WAIT_S:
            self._alone_since = float("inf")
            self._listener.warn(
                "no worker has a place to run; all waits until a machine joins the Ray cluster, or "
                "CPUs of it are free"
            )


def _failed(
    running: _Running, why: str, seconds: float = 0.0, ended: Ended | None = None
) -> tuple[int, Done[Any]]:
    return running.index, Done(None, seconds, why, ended)
