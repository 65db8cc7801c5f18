"""The workers that a search or the trainings of an export are to have."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hwnas.core.errors import ConfigError
from hwnas.core.listener import Listener
from hwnas.runs.config import RunConfig, SearchConfig
from hwnas.search.executors import Executor

if TYPE_CHECKING:
    from hwnas.search.executors.ray_workers import RayWorkers


def executor_of(
    config: SearchConfig | None,
    workers: int | None,
    ray: str | None,
    executor: Executor | None,
    listener: Listener,
) -> Executor | None:
    """Where the networks of a run are judged; None for here, one after another.

    Args:
        config: of the search, with the limits of one evaluation; None for none.
        workers: how many, on this machine or a cluster.
        ray: the address of a Ray cluster.
        executor: another one, in place of these.
        listener: gets sentences on workers.

    Raises:
        ConfigError: Ray is not installed, an argument is no number that can be, two ways are named,
            or limits are set and nothing that could keep them.
    """
    if executor is not None and (workers, ray) != (None, None):
        raise ConfigError("an executor and workers are both given; leave one of them out")
    if workers is not None or ray is not None:
        from hwnas.search.executors.ray_workers import RayWorkers

        limits = {} if config is None else config.limits.model_dump()
        threads = None if config is None else config.threads
        return RayWorkers(workers, address=ray, threads=threads, listener=listener, **limits)
    if config is None or not config.limits:
        return executor
    if executor is None:
        raise ConfigError(
            "search.limits ends evaluations that run in processes of their own; add --workers 1 "
            "(in Python workers=1) or more, or leave search.limits out"
        )
    raise ConfigError(
        "search.limits is for the workers that the run makes; give the executor limits of its own, "
        "and leave search.limits out"
    )


def training_workers(
    config: RunConfig, workers: int | None, ray: str | None, listener: Listener
) -> "RayWorkers | None":
    """Where the networks of an export are trained; None for here, one after another.

    Args:
        config: of the run.
        workers: how many, on this machine or a cluster.
        ray: the address of a Ray cluster.
        listener: gets sentences on workers.

    Raises:
        ConfigError: Ray is not installed, or an argument is no number that can be.
    """
    if workers is None and ray is None:
        return None
    from hwnas.search.executors.ray_workers import RayWorkers

    trainings = [one for one in (config.train, config.fine_tune) if one is not None]
    return RayWorkers(
        workers,
        address=ray,
        threads=config.export.threads,
        gpus=any(one.device != "cpu" for one in trainings),
        followed=True,
        listener=listener,
    )


@contextmanager
def computing_with(threads: int | None) -> Iterator[None]:
    """Has numpy and PyTorch, as far as they are loaded, compute with so many threads here."""
    if threads is None:
        yield
        return
    from threadpoolctl import threadpool_limits

    torch: Any = sys.modules.get("torch")
    before = torch and torch.get_num_threads()
    with threadpool_limits(threads):
        if torch is not None:
            torch.set_num_threads(threads)
        try:
            yield
        finally:
            if torch is not None:
                torch.set_num_threads(before)
