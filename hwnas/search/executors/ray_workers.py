"""RayWorkers: jobs side by side, on this machine or on a cluster, by Ray."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar

from hwnas.core.configs import parse_config
from hwnas.core.errors import ConfigError
from hwnas.core.listener import SILENT, Listener
from hwnas.core.ray_session import RaySession, check_ray
from hwnas.search.executors.evaluation_limits import EvaluationLimits
from hwnas.search.executors.executor import WorkerState
from hwnas.search.executors.jobs import Done, Job, Work
from hwnas.search.executors.ray_pool import RayPool
from hwnas.search.executors.ray_round import HowFar, Round
from hwnas.search.executors.ray_shares import Share, Shares, computes_on_gpus
from hwnas.search.outcome import Candidate, Evaluate, Outcome

J = TypeVar("J", bound=Job)
R = TypeVar("R")


class RayWorkers:
    """Workers that do jobs side by side; an executor, and a context in which it is ready.

        with RayWorkers(4) as workers:
            run_search(problem, score, executor=workers)

    What is found is the same as without workers, and with any number of them. How jobs are done (a
    supernet's weights, images) is sent once to each machine. A worker that dies costs the job that
    it was at, which is tried again elsewhere, at most twice.

    A job that takes more time or memory than allowed is ended with its worker, and has failed; so
    has one that raises something, and an evaluation that gives no finite number.

    Attributes:
        limits: what a job may take.

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
        gpus: bool | None = None,
        followed: bool = False,
        listener: Listener = SILENT,
    ) -> None:
        """Starts nothing yet.

        Args:
            workers: how many; None for one on each CPU of a cluster.
            address: of a cluster: "auto" where this machine belongs to one, "HOST:PORT" or
                "ray://HOST:PORT"; None for this machine alone.
            seconds: that one job may take; None for any.
            memory_mb: that the process of a worker may have, in MB (10⁶ bytes), with what it has
                before its first job; None for any.
            threads: that a worker may use; None for its share of the CPUs of its machine. Another
                number may change the last bits of what PyTorch computes.
            store_mb: memory for what is sent to workers, in MB, on this machine alone; None for
                what Ray takes.
            gpus: whether jobs compute on the GPUs that there are; None for whether this process has
                begun to.
            followed: whether workers can be asked how far they are, see `each`.
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
        self._gpus, self._followed = gpus, followed
        self._work: Any = None
        self._depth = 0
        self._opening = False

    def __enter__(self) -> Self:
        """Joins the cluster; Ray on this machine is started when there is something to do."""
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
        self._pool = self._session = self._work = None
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
        for index, done in self.each(evaluate, candidates):
            outcome = done.value or Outcome(None, failure=done.failure, ended=done.ended)
            yield index, replace(outcome, seconds=done.seconds)

    def each(
        self, work: Work[J, R], jobs: Iterable[J], heard: HowFar | None = None
    ) -> Generator[tuple[int, Done[R]], None, None]:
        """The index of each job with what became of it, as they end.

        Args:
            work: how they are done; the same object is not sent again.
            jobs: each is taken when it can be begun, and not before.
            heard: called about twice a second with how far each is that tells it, see
                `hwnas.search.executors.jobs.tell`; for workers that are `followed`.

        Raises:
            RunError: Ray cannot be started or joined, or no worker can be.
        """
        if not self._depth:
            with self:
                yield from self.each(work, jobs, heard)
            return
        yield from Round(self._ready(work), jobs, self.limits, self._listener, heard).ends()

    def workers(self) -> Sequence[WorkerState]:
        """What each worker is at; none before there was something to do."""
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

    def _ready(self, work: Work[Any, Any]) -> RayPool:
        """The workers, all of which have the work or are about to."""
        self._opening = True
        session = self._session or self._open()
        if self._pool is None:
            alone = session.folder is not None
            shares = Shares(session.nodes(), self._workers, alone=alone)
            gpus = computes_on_gpus() if self._gpus is None else self._gpus
            share = shares.share(of_gpus=gpus)
            if self._threads is not None:
                share = replace(share, threads=self._threads)
            self._say_where(shares, share)
            most, followed = self.limits.memory_mb, self._followed
            self._pool = RayPool(shares.workers, share, most, followed=followed)
        if not _same(self._work, work):
            self._pool.load(work)
            self._work = work
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


def _same(one: Any, other: Any) -> bool:
    """Whether a worker that has the one work needs not be sent the other.

    The searchers of a run have an evaluation each, of one and the same score.
    """
    scores = [getattr(each, "score", None) for each in (one, other)]
    alike = type(one) is type(other) and scores[0] is not None
    return one is other or (alike and bool(scores[0] == scores[1]))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
