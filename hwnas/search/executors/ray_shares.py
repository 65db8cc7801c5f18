"""What each worker of a search gets of its machine."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hwnas.core.cpus import usable_cpus
from hwnas.core.ray_session import Node


@dataclass(frozen=True)
class Share:
    """What each worker gets of its machine.

    Attributes:
        cpus: as Ray counts them.
        gpus: 1, or a part of one that it shares.
        threads: that it may use.
    """

    cpus: int
    gpus: float
    threads: int


class Shares:
    """How the machines of a cluster are shared out.

    Attributes:
        workers: how many there are to be.
        cpus: of each machine.
    """

    def __init__(self, nodes: Sequence[Node], workers: int | None, *, alone: bool) -> None:
        """Takes the machines.

        Args:
            nodes: the machines.
            workers: how many there are to be; None for one on each CPU.
            alone: whether it is a Ray that was started for them on this machine.
        """
        self.cpus = [int(one.resources.get("CPU", 0)) for one in nodes]
        self._gpus = int(sum(one.resources.get("GPU", 0) for one in nodes))
        self.workers = workers or max(1, sum(self.cpus))
        self._alone = alone

    def share(self, *, of_gpus: bool) -> Share:
        """The most that each worker can have; `of_gpus` says whether evaluations compute there."""
        most = max([1, *self.cpus])
        fitting = (n for n in range(most, 1, -1) if self.places(n) >= self.workers)
        gpus = 0.0
        if of_gpus and self._gpus:
            gpus = 1.0 / -(-self.workers // self._gpus)
        cpus = next(fitting, 1)
        # A Ray that was started for them has one CPU a worker, so that it starts no more processes.
        return Share(cpus, gpus, max(1, usable_cpus() // self.workers) if self._alone else cpus)

    def places(self, cpus: int) -> int:
        """How many workers of so many CPUs find place."""
        return sum(each // cpus for each in self.cpus)


def computes_on_gpus() -> bool:
    """Whether this process has begun to use a GPU with PyTorch."""
    torch: Any = sys.modules.get("torch")
    return torch is not None and bool(torch.cuda.is_initialized())


def remote_options(share: Share, *, beside: int) -> Mapping[str, Any]:
    """How an actor is made that is a worker; `beside`: so many calls it answers while it works."""
    return {
        "num_cpus": share.cpus,
        "num_gpus": share.gpus,
        "max_restarts": 0,
        "max_task_retries": 0,
        "max_concurrency": 1 + beside,
    }
