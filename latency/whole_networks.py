"""Latency tables of whole networks alone: for devices on which no block can be timed by itself.

Hundreds of networks tell what thirty networks and every block tell. Each is visited less often than
where thirty have to do, since the regression averages over all of them; and they are measured batch
by batch, a session of each in turn, so that never more than a batch of them lies on the device.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from hwnas.core.errors import TableError
from hwnas.core.progress import Progress
from hwnas.devices.device import Device
from hwnas.latency.correction import Correction
from hwnas.latency.estimate import LEAST_NETWORKS, estimate
from hwnas.latency.fitting import Fitted
from hwnas.latency.measure import measure
from hwnas.latency.schedule import Schedule
from hwnas.latency.table import LatencyTable
from hwnas.latency.wanted import Wanted
from hwnas.networks.blocks import Block, Network

BATCH = 25
"""Networks that are measured together: of a large space some 500 MB of files."""
OFTEN = Schedule(seconds=30.0)
"""How often networks are visited that the model is judged by.

The seconds are those of a batch from its last regular session on.
"""
SELDOM = Schedule(sessions=3, most_sessions=4, rounds=3, seconds=12.0)
"""How often those are that it is fitted to."""


def fit_whole(
    networks: Sequence[Network], actual: NDArray[np.float64], blocks: Iterable[Block]
) -> Fitted:
    """The values of blocks that explain those of whole networks, see `hwnas.latency.estimate`.

    Args:
        networks: N of them.
        actual: (N,) their values.
        blocks: all that will be predicted, those of the networks among them.

    Raises:
        TableError: they are too few, or all take the same.
    """
    if len(networks) < LEAST_NETWORKS:
        raise TableError(
            f"blocks are estimated from {LEAST_NETWORKS} whole networks or more, and there are "
            f"only {len(networks)}; raise profile.fit_networks"
        )
    if len(set(actual.tolist())) == 1:
        raise TableError(
            f"all {len(networks)} networks take the same, the smallest as long as the largest, "
            "which says nothing about their blocks; 'hwnas devices check' tells what is wrong"
        )
    found = estimate(networks, actual, tuple(blocks), {})
    correction = Correction(f"from whole networks and {found.prior}", found.overhead)
    return Fitted("networks", found.block_ms, correction, found.compared)


@dataclass(frozen=True)
class Turn:
    """A batch of networks and the sessions of it that are due.

    Attributes:
        networks: by key.
        schedule: up to these sessions.
        last: whether these are all.
    """

    networks: Mapping[str, Network]
    schedule: Schedule
    last: bool

    @property
    def earlier(self) -> int:
        """Visits of the turns before it."""
        return (self.schedule.sessions - 1) * self.visits

    @property
    def visits(self) -> int:
        """Visits of this turn, at least."""
        return self.schedule.rounds * len(self.networks)


def measure_networks(
    device: Device,
    table: LatencyTable,
    wanted: Wanted,
    schedule: Schedule | None,
    progress: Progress | None = None,
) -> None:
    """Measures the networks that the table does not hold yet, or not to the end.

    All batches have their first session before any has its second: within the minute that a batch
    takes, a shared machine may be faster or slower than in all others, and what is then measured at
    once would say so of these networks.

    Args:
        device: where to measure.
        table: where the visits go.
        wanted: its networks; those that judge the model come first.
        schedule: how often each is visited; None for `OFTEN` and `SELDOM`.
        progress: called after every few visits, with those of all batches.

    Raises:
        DeviceError, TableError: see `hwnas.latency.measure.measure`.
    """
    often, seldom = schedule or OFTEN, schedule or SELDOM
    batches = [(often, some) for some in batches_of(wanted.networks, wanted.check)]
    batches += [(seldom, some) for some in batches_of(wanted.networks, wanted.fit)]
    turns = turns_of(batches)
    visits, earlier = [turn.visits for turn in turns], [turn.earlier for turn in turns]
    for turn, told in zip(turns, progress_of_each(progress, visits, earlier), strict=True):
        measure(device, table, turn.networks, turn.schedule, told, to_the_end=turn.last)


def turns_of(batches: Sequence[tuple[Schedule, Mapping[str, Network]]]) -> list[Turn]:
    """The turns of batches of networks, each with its schedule, session by session."""
    return [
        Turn(some, plan, last=True)
        if session == plan.sessions
        else Turn(some, replace(plan, sessions=session, most_sessions=session), last=False)
        for session in range(1, max((plan.sessions for plan, _ in batches), default=0) + 1)
        for plan, some in batches
        if session <= plan.sessions
    ]


def batches_of(
    networks: Mapping[str, Network], keys: Iterable[str]
) -> Iterator[dict[str, Network]]:
    """Some networks by key, at most `BATCH` at a time."""
    left = iter(keys)
    while some := list(islice(left, BATCH)):
        yield {key: networks[key] for key in some}


def progress_of_each(
    progress: Progress | None, visits: Sequence[int], earlier: Sequence[int] | None = None
) -> Iterator[Progress | None]:
    """What each of several parts of a measurement tells, so that they seem to be one.

    Args:
        progress: told of all.
        visits: of each part.
        earlier: those of its graphs that a part tells of, but that earlier parts made.
    """
    for place in range(len(visits)):
        before = sum(visits[:place]) - (earlier[place] if earlier else 0)
        after = sum(visits[place + 1 :])
        yield None if progress is None else partial(_told, progress, before, after)


def _told(progress: Progress, before: int, after: int, done: int, total: int) -> None:
    progress(before + done, before + total + after)
