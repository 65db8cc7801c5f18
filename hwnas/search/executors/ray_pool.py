"""RayPool: workers that have the same work, actors of Ray."""

import time
from dataclasses import dataclass, field
from typing import Any

from hwnas.core import version
from hwnas.core.errors import RunError
from hwnas.core.foreign_text import shown
from hwnas.core.ray_session import ray_sentence
from hwnas.core.registry import brief
from hwnas.search.executors.executor import WorkerState
from hwnas.search.executors.jobs import Job, Work
from hwnas.search.executors.ray_shares import Share, remote_options
from hwnas.search.executors.ray_worker import Exceeded, Loaded, Worker

# So many workers may die one after another before one has received its work.
_STARTS = 3
# After so many seconds without a word from workers it is asked which of them are left.
_SILENCE_S = 1.0


@dataclass(eq=False)
class Member:
    """A worker as the driver sees it.

    Attributes:
        number: from 1; that which takes the place of another has its number.
        actor: its handle.
        jobs: how many it was given.
        ready: whether it ever had its work.
        host: its machine.
        doing: the text of the job that it is at, "" where it waits, and since when.
    """

    number: int
    actor: Any
    jobs: int = 0
    ready: bool = False
    host: str = ""
    doing: tuple[str, float] = field(default_factory=lambda: ("", time.monotonic()))

    def begin(self, at: str) -> None:
        """Is at another job, or at none."""
        self.doing = at, time.monotonic()

    @property
    def state(self) -> WorkerState:
        """The same for people; read by other threads, too."""
        at, since = self.doing
        return WorkerState(f"worker {self.number}", self.host, at, time.monotonic() - since)


class RayPool:
    """Workers, which are actors of Ray.

    Attributes:
        idle: workers that have their work and no job.
        closed: whether all have been ended.
    """

    def __init__(
        self, workers: int, share: Share, memory_mb: float | None, *, followed: bool = False
    ) -> None:
        """Starts the workers; they have no work yet.

        Args:
            workers: how many.
            share: what each gets of its machine.
            memory_mb: a worker that has more memory is reported; None for no limit.
            followed: whether workers are asked how far they are.
        """
        import ray

        self._ray: Any = ray
        options = remote_options(share, beside=followed + (memory_mb is not None))
        self._actor: Any = ray.remote(**options)(Worker)
        self._workers, self._threads, self._memory_mb = workers, share.threads, memory_mb
        self._work: Any = None
        self._loads = self._deaths = 0
        self._members: list[Member] = []
        self._loading: dict[Any, Member] = {}
        self._watches: dict[Any, Member] = {}
        self._heard = time.monotonic()
        self.idle: list[Member] = []
        self.closed = False

    def load(self, work: Work[Any, Any]) -> None:
        """Sends work to every worker; once to each machine.

        Raises:
            RunError: it cannot be sent.
        """
        try:
            self._work = self._ray.put(work)
        except (TypeError, AttributeError, ValueError, RuntimeError) as error:
            raise RunError(
                f"the score cannot be sent to workers ({brief(error)}); give one that pickle can "
                "copy, or search without workers"
            ) from error
        self._loads += 1
        self.idle.clear()
        self._loading.clear()
        for member in self._members:
            self._load(member)

    def doubt(self) -> None:
        """Counts no worker as idle before it has answered: some of them may have died."""
        for member in self.idle:
            self._loading[member.actor.present.remote()] = member
        self.idle.clear()

    def begin(self) -> None:
        """To be called before jobs are given out."""
        if time.monotonic() - self._heard > _SILENCE_S:
            self.doubt()

    def fill(self) -> None:
        """Starts workers in the place of those that were removed."""
        taken = {member.number for member in self._members}
        for number in sorted({*range(1, self._workers + 1)} - taken):
            member = Member(number, self._actor.remote(self._threads))
            self._members.append(member)
            self._load(member)

    @property
    def states(self) -> list[WorkerState]:
        """What each worker is at."""
        members = sorted(self._members, key=lambda member: member.number)
        return [member.state for member in members]

    @property
    def events(self) -> list[Any]:
        """References that have a value as soon as something happens to a worker by itself."""
        return [*self._loading, *self._watches]

    def start(self, job: Job) -> tuple[Any, Member]:
        """Has an idle worker do a job: a reference to what becomes of it, and the worker."""
        member = self.idle.pop()
        member.jobs += 1
        member.begin(job.text)
        return member.actor.do.remote(job), member

    def rest(self, member: Member) -> None:
        """Takes a worker that has answered as idle; until `show_idle` it is shown as before."""
        self._heard = time.monotonic()
        self.idle.append(member)

    def show_idle(self) -> None:
        """To be called when there is nothing more for idle workers at present."""
        for member in self.idle:
            if member.doing[0]:
                member.begin("")

    def event(self, reference: Any) -> tuple[Member, Exceeded] | None:
        """Takes one of `events` that has happened.

        Returns:
            A worker that has more memory than allowed, and since when; None for anything else.

        Raises:
            RunError: workers cannot be started.
        """
        if reference in self._watches:
            member = self._watches.pop(reference)
            try:
                return member, self._ray.get(reference)
            except self._ray.exceptions.RayError:
                return None  # the job says so too
        member = self._loading.pop(reference)
        try:
            loaded: Loaded = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            raise RunError(f"a worker cannot begin: {ray_sentence(error)}") from error
        except self._ray.exceptions.RayError as error:
            if not member.ready:
                self._count_death(error)
            self.remove(member)
            return None
        if not member.ready:
            self._check(loaded)
        member.ready, member.host, self._deaths = True, loaded.host, 0
        self.rest(member)
        if self._memory_mb is not None and member not in self._watches.values():
            self._watches[member.actor.watch.remote(self._memory_mb)] = member
        return None

    def remove(self, member: Member) -> None:
        """Ends a worker, if it has not ended yet; `fill` starts another in its place."""
        self._ray.kill(member.actor, no_restart=True)
        self._members.remove(member)
        for held in (self._loading, self._watches):
            for reference in [one for one, of in held.items() if of is member]:
                del held[reference]
        if member in self.idle:
            self.idle.remove(member)

    def close(self) -> None:
        """Ends every worker."""
        self.closed = True
        for member in list(self._members):
            self.remove(member)
        self._work = None

    def _load(self, member: Member) -> None:
        self._loading[member.actor.load.remote(self._loads, self._work)] = member

    def _count_death(self, error: Exception) -> None:
        """Takes note of a worker that died before it had its work.

        Raises:
            RunError: it is one too many in a row, or no worker can be made.
        """
        self._deaths += 1
        if getattr(error, "actor_init_failed", False) or self._deaths == _STARTS:
            raise RunError(
                f"workers cannot be started: {ray_sentence(error)}; every machine of a cluster "
                "needs the same versions of Python, ray and hwnas"
            ) from error

    def _check(self, loaded: Loaded) -> None:
        if loaded.version != version.VERSION:
            raise RunError(
                f"a machine of the cluster has hwnas {shown(loaded.version)}, and this one has "
                f"{version.VERSION}; install the same on every machine"
            )
        if self._memory_mb is not None and loaded.memory_mb > self._memory_mb:
            raise RunError(
                f"search.limits.memory_mb is {self._memory_mb:g}, and a worker has "
                f"{loaded.memory_mb:.0f} MB before it evaluates anything; raise it"
            )
