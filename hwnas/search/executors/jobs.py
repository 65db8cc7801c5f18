"""Jobs: what workers do side by side, be it the evaluation of a network or something else."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from hwnas.search.outcome import Ended

R_co = TypeVar("R_co", covariant=True)
Job_contra = TypeVar("Job_contra", contravariant=True, bound="Job")


class Job(Protocol):
    """One thing to do; it is sent to the worker that does it."""

    @property
    def text(self) -> str:
        """What a person calls it, in a few words."""


class Work(Protocol[Job_contra, R_co]):
    """How jobs are done; it is sent once to each machine, with all that its jobs share."""

    def __call__(self, job: Job_contra, /) -> R_co:
        """What comes of a job.

        Raises:
            HwnasError: it has failed; its sentence is passed on.
        """


@dataclass(frozen=True)
class Done(Generic[R_co]):
    """What became of a job.

    Attributes:
        value: what came of it; None where it failed.
        seconds: that it took.
        failure: why it failed.
        ended: by which limit, where that is why.
    """

    value: R_co | None
    seconds: float = 0.0
    failure: str | None = None
    ended: Ended | None = None


class _Present:
    """The job that this process is at: how much of it is done, and how much there is."""

    how_far = 0, 0


def tell(done: int, total: int) -> None:
    """Says, within a job, how far it is, for whoever has given it."""
    _Present.how_far = done, total


def told() -> tuple[int, int]:
    """What the job of this process has said last; (0, 0) where it has not."""
    return _Present.how_far
