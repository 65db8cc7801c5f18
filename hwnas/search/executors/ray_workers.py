"""RayWorkers: evaluations side by side, on this machine or on a cluster, by Ray."""

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from hwnas.core.configs import parse_config
from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.core.listener import SILENT, Listener
from hwnas.core.ray_session import RaySession, check_ray, what_died
from hwnas.search.executors.evaluation_limits import EvaluationLimits
from hwnas.search.executors.executor import WorkerState
from hwnas.search.executors.ray_pool import Member, RayPool
from hwnas.search.executors.ray_shares import Share, Shares, computes_on_gpus
from hwnas.search.executors.ray_worker import Exceeded
from hwnas.search.outcome import Candidate, Ended, Evaluate, Outcome

# An evaluation whose worker dies is tried again so often.
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
    """An evaluation that a worker is at, and when it is to be ended."""

    index: int
    candidate: Candidate
    worker: Member
    end: float | None


class RayWorkers:
    """Workers that evaluate side by side; an executor, and a context in which it is ready.

        with RayWorkers(4) as workers:
            run_search(problem, score, executor=workers)

    What is found is the same as without workers, and with any number of them. The evaluation (a
    supernet's weights, images) is sent once to each machine. A worker that dies costs the
    evaluation that it was at, which is tried again elsewhere, at most twice.

    An evaluation that takes more time or memory than allowed is ended with its worker, and has
    failed; so has one that raises something, or gives no finite number.

    Attributes:
        limits: what an evaluation may take.

    Raises:
        ConfigError: Ray is not installed, or an argument is no number that can be.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        address: str | None = None,
        seconds: float | None = None,
        memory_mb: float | None = None,
        threads: int | None = None,
        store_mb: float | None = None,
        listener: Listener = SILENT,
    ) -> None:
        """Starts nothing yet.

        Args:
            workers: how many; None for one on each CPU of a cluster.
            address: of a cluster: "auto" where this machine belongs to one, "HOST:PORT" or
                "ray://HOST:PORT"; None for this machine alone.
            seconds: that one evaluation may take; None for any.
            memory_mb: that the process of a worker may have, in MB (10⁶ bytes), with what it has
                before it evaluates; None for any.
            threads: that a worker may use; None for its share of the CPUs of its machine. Another
                number may change the last bits of what PyTorch computes.
            store_mb: memory for what is sent to workers, in MB, on this machine alone; None for
                what Ray takes.
            listener: gets sentences on what is worth knowing.
        """
        if workers is None and address is None:
            raise ConfigError("give the number of workers, or the address of a Ray cluster")
        for name, value in (("workers", workers), ("threads", threads)):
            if value is not None and (not isinstance(value, int) or value < 1):
                raise ConfigError(f"{name} is {value!r}; give a whole number of 1 or more")
        limits = {"seconds": seconds, "memory_mb": memory_mb}
        self.limits = parse_config(limits, EvaluationLimits, "RayWorkers")
        check_ray()
        self._workers, self._address = workers, address
        self._threads, self._store_mb, self._listener = threads, store_mb, listener
        self._session: RaySession | None = None
        self._pool: RayPool | None = None
        self._evaluate: Evaluate | None = None
        self._depth = 0
        self._opening = False

    def __enter__(self) -> Self:
        """Joins the cluster; Ray on this machine is started when there is something to evaluate."""
        if self._address is not None and self._session is None:
            self._open()
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if not self._depth:
            self.close()

    def close(self) -> None:
        """Ends every worker, and Ray where it was started for them."""
        pool, session = self._pool, self._session
        self._pool = self._session = self._evaluate = None
        self._opening = False
        if pool is not None:
            pool.close()
        if session is not None:
            session.close()

    def run(
        self, evaluate: Evaluate, candidates: Iterable[Candidate]
    ) -> Iterator[tuple[int, Outcome]]:
        """The index of each candidate with its outcome, as they end.

        Raises:
            RunError: Ray cannot be started or joined, or no worker can be.
        """
        if not self._depth:
            with self:
                yield from self.run(evaluate, candidates)
            return
        yield from _Round(self._ready(evaluate), candidates, self.limits, self._listener).ends()

    def workers(self) -> Sequence[WorkerState]:
        """What each worker is at; none before there was something to evaluate."""
        if (pool := self._pool) is not None:
            return pool.states
        # Ray itself takes seconds to start.
        starting = range(1, (self._workers or 0) + 1) if self._opening else ()
        return [WorkerState(f"worker {number}", "", "", 0.0) for number in starting]

    @property
    def folder(self) -> Path | None:
        """The logs of a Ray that was started on this machine; removed with it."""
        return None if self._session is None else self._session.folder

    def _open(self) -> RaySession:
        cpus = self._workers or 1
        self._session = RaySession(self._address, cpus=cpus, store_mb=self._store_mb)
        return self._session

    def _ready(self, evaluate: Evaluate) -> RayPool:
        """The workers, all of which have the evaluation or are about to."""
        self._opening = True
        session = self._session or self._open()
        if self._pool is None:
            alone = session.folder is not None
            shares = Shares(session.nodes(), self._workers, alone=alone)
            share = shares.share(of_gpus=computes_on_gpus())
            if self._threads is not None:
                share = replace(share, threads=self._threads)
            self._say_where(shares, share)
            self._pool = RayPool(shares.workers, share, self.limits.memory_mb)
        if not _same(self._evaluate, evaluate):
            self._pool.load(evaluate)
            self._evaluate = evaluate
        return self._pool

    def _say_where(self, shares: Shares, share: Share) -> None:
        place = "this machine"
        if self._address is not None:
            place = f"the Ray cluster ({_counted(len(shares.cpus), 'machine')})"
        each = _counted(share.threads, "thread")
        self._listener.say(f"{_counted(shares.workers, 'worker')} on {place}, {each} each")
        places = shares.places(share.cpus)
        if places < shares.workers:
            self._listener.warn(
                f"the cluster has CPUs for {places} of {shares.workers} workers; the others start "
                "when machines join it"
            )


class _Round:
    """Candidates that are evaluated: those that workers are at, and those to be tried again."""

    def __init__(
        self,
        pool: RayPool,
        candidates: Iterable[Candidate],
        limits: EvaluationLimits,
        listener: Listener,
    ) -> None:
        import ray

        self._ray: Any = ray
        self._pool, self._limits, self._listener = pool, limits, listener
        self._new = iter(enumerate(candidates))
        self._all_taken = False
        self._again: deque[tuple[int, Candidate]] = deque()
        self._deaths: Counter[int] = Counter()
        self._running: dict[Any, _Running] = {}
        self._alone_since: float | None = None

    def ends(self) -> Iterator[tuple[int, Outcome]]:
        """Each index with its outcome."""
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
            index, candidate = taken
            reference, worker = self._pool.start(candidate)
            seconds = self._limits.seconds
            end = None if seconds is None else time.monotonic() + seconds
            self._running[reference] = _Running(index, candidate, worker, end)
        self._pool.show_idle()

    def _take(self) -> tuple[int, Candidate] | None:
        """The next candidate with its index, None where none is left."""
        if self._again:
            return self._again.popleft()
        taken = None if self._all_taken else next(self._new, None)
        self._all_taken = taken is None
        return taken

    def _next(self) -> Iterator[tuple[int, Outcome]]:
        """What ends next, if anything does within some seconds."""
        now = time.monotonic()
        ends = [one.end for one in self._running.values() if one.end is not None]
        timeout = min([_LOOK_S, *(max(0.0, end - now) for end in ends)])
        awaited = [*self._running, *self._pool.events]
        ready, _ = self._ray.wait(awaited, num_returns=1, timeout=timeout)
        for reference in ready:
            if reference in self._running:
                yield from self._end(reference)
            elif (exceeded := self._pool.event(reference)) is not None:
                yield from self._over_memory(*exceeded)
        yield from self._over_time()
        self._say_if_alone()

    def _end(self, reference: Any) -> Iterator[tuple[int, Outcome]]:
        running = self._running.pop(reference)
        try:
            outcome: Outcome = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            # The evaluation's own exceptions are outcomes: this is of what came with them.
            self._pool.rest(running.worker)
            last = shown(str(error).strip().splitlines()[-1])
            yield (
                running.index,
                Outcome(None, failure=f"it cannot be sent to or from a worker: {last}"),
            )
        except self._ray.exceptions.RayError as error:
            self._pool.remove(running.worker)
            self._pool.doubt()  # its machine may have had others
            yield from self._died(running, _CAUSES[what_died(error)])
        else:
            self._pool.rest(running.worker)
            yield running.index, outcome

    def _died(self, running: _Running, cause: str) -> Iterator[tuple[int, Outcome]]:
        """Has an evaluation tried again whose worker died, or gives it up."""
        self._deaths[running.index] += 1
        deaths = self._deaths[running.index]
        if deaths == _TRIES:
            text = f"{cause} while it was evaluated, {deaths} times"
            yield running.index, Outcome(None, failure=text)
            return
        self._again.append((running.index, running.candidate))
        self._listener.warn(
            f"{cause} during an evaluation, which is tried again ({deaths + 1} of {_TRIES}); the "
            "search goes on"
        )

    def _over_memory(self, worker: Member, exceeded: Exceeded) -> Iterator[tuple[int, Outcome]]:
        at = [ref for ref, one in self._running.items() if one.worker is worker]
        running = self._running.pop(at[0]) if at else None
        self._pool.remove(worker)
        if running is None:
            return
        if worker.candidates == exceeded.candidate:
            most = f"it had more than {self._limits.memory_mb:g} MB of memory"
            text = f"{most} (search.limits.memory_mb)"
            yield running.index, Outcome(None, failure=text, ended=self._ended_by("memory_mb"))
        else:  # what it held is of the evaluation before
            self._again.append((running.index, running.candidate))

    def _over_time(self) -> Iterator[tuple[int, Outcome]]:
        now = time.monotonic()
        over = [ref for ref, one in self._running.items() if one.end is not None and one.end <= now]
        for reference in over:
            if self._ray.wait([reference], timeout=0)[0]:
                continue  # it has ended just now
            running = self._running.pop(reference)
            self._pool.remove(running.worker)
            seconds = self._limits.seconds or 0.0
            text = f"it took more than {seconds:g} s (search.limits.seconds)"
            ended = self._ended_by("seconds")
            yield running.index, Outcome(None, seconds=seconds, failure=text, ended=ended)

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
                "no worker has a place to run; the search waits until a machine joins the Ray "
                "cluster, or CPUs of it are free"
            )


def _same(one: Evaluate | None, other: Evaluate) -> bool:
    """Whether a worker that has the one needs not be sent the other.

    The searchers of a run have an evaluation each, of one and the same score.
    """
    scores = [getattr(each, "score", None) for each in (one, other)]
    alike = type(one) is type(other) and scores[0] is not None
    return one is other or (alike and bool(scores[0] == scores[1]))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
