"""Visits of graphs, those set aside because the machine was slow, and what all of them say."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from hwnas.devices.answers import LEAST_MS, MOST_MS

# A visit is affected when the reference block, timed before and after it, took this much longer
# than the table's low quantile of it. Of the server core in
# docs/benchmarks/latency.md the reference stays within 5 % in its fast state and takes 20 to 30 %
# longer in its slow one.
AFFECTED = 1.10
# Of a graph's visits, how many must come with a warning for its latency to come with it.
OFTEN = 0.1
# Of visits, how many may be affected: beyond it there are too few others to do without them, and a
# latency is that of a disturbed machine.
MOST_AFFECTED = 0.5
# Where it is known how fast the machine is, so many visits at that speed will do.
ENOUGH = 8
# By how much half of a graph's inferences may exceed its latency. On the idle server core of
# docs/benchmarks/latency.md it is 2 to 5 %.
MOST_SPREAD = 0.10
AFFECTED_WARNING, SPREAD_WARNING = "affected", "spread"
"""What a summary adds to the warnings of its visits: see `LatencySummary`."""


@dataclass(frozen=True)
class Sessions:
    """Every session whose number, divided by 4, leaves one of these remainders."""

    remainders: tuple[int, ...]

    def __contains__(self, session: object) -> bool:
        return isinstance(session, int) and session % 4 in self.remainders


# Measuring twice, out of one measurement: two halves of the sessions. They are not the even and the
# odd ones, on whose agreement the schedule decides whether to go on.
FIRST_HALF, SECOND_HALF = Sessions((0, 3)), Sessions((1, 2))


@dataclass(frozen=True, slots=True)
class Visit:
    """Some consecutive inferences of a graph.

    Attributes:
        graph: its key.
        session: the process in which it ran, counted for each graph from 0.
        round: of that session.
        samples: milliseconds of each inference.
        reference_ms: what the reference block took around this visit, the slower time of the two
            (each the least of its own samples); 0 when there was none.
        warnings: what was wrong with it, of `hwnas.devices.answers.WARNINGS`.
    """

    graph: str
    session: int
    round: int
    samples: tuple[float, ...]
    reference_ms: float = 0.0
    warnings: tuple[str, ...] = ()


def possible(samples: Sequence[float]) -> bool:
    """Whether samples can be: some, and each a number of milliseconds above 0 (see `LEAST_MS`)."""
    types = set(map(type, samples))
    # Mostly these two, and there may be hundreds of thousands of visits to look at.
    numbers = types <= {float, int} or all(
        issubclass(one, float | int) and one is not bool for one in types
    )
    return bool(samples) and numbers and min(samples) >= LEAST_MS and max(samples) <= MOST_MS


@dataclass(frozen=True)
class LatencySummary:
    """What is known of one graph's latency.

    Of visits that were not affected; of all when there are too few of them, which is a warning
    ("affected").

    Attributes:
        samples: how many inferences.
        visits: how many visits they are from.
        redone: visits that were set aside because the machine was slow.
        ms: the latency: what predictions, budgets and comparisons use. The 25 % quantile of the
            samples, each at the machine's usual speed: multiplied by what the reference block
            usually takes, and divided by what it took around the sample. That takes out the
            drift of the machine; a low quantile, because interruptions only ever add time.
        min, p10, median, p90, p99: of the samples as they were, in ms.
        warnings: those that at least a tenth of the visits came with, see `Visit`; "affected" when
            too many of them were to do without; "spread" when the median is more than 10 % above
            `ms`.
    """

    samples: int
    visits: int
    redone: int
    ms: float
    min: float
    p10: float
    median: float
    p90: float
    p99: float
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, visits: Sequence["Visit"], speeds: Iterable[float], redone: int
    ) -> "LatencySummary":
        """The summary of some visits.

        Args:
            visits: of one graph, at least one.
            speeds: for each, by what to multiply to get it at the machine's usual speed.
            redone: visits that were set aside.
        """
        rows = [np.asarray(visit.samples, dtype=np.float64) for visit in visits]
        steady = [row * speed for row, speed in zip(rows, speeds, strict=True)]
        values = np.concatenate(rows)
        p10, median, p90, p99 = map(float, np.quantile(values, [0.1, 0.5, 0.9, 0.99]))
        latency = float(np.quantile(np.concatenate(steady), 0.25))
        low = float(values.min())
        shares = warning_shares(visits)
        warnings = tuple(name for name, share in shares.items() if share >= OFTEN)
        if median > (1 + MOST_SPREAD) * latency:
            warnings += (SPREAD_WARNING,)
        return cls(len(values), len(rows), redone, latency, low, p10, median, p90, p99, warnings)


def warning_shares(visits: Iterable[Visit]) -> dict[str, float]:
    """The share of visits with each warning that came, 0 to 1, by name."""
    every = [visit.warnings for visit in visits]
    counts = Counter(name for warnings in every for name in warnings)
    return {name: count / len(every) for name, count in sorted(counts.items())}


@dataclass(frozen=True)
class Speed:
    """How fast a machine is: what the reference block takes on it, in ms.

    Attributes:
        undisturbed: when nothing disturbs it.
        usual: in the median of the visits that were not affected.
    """

    undisturbed: float
    usual: float


class Visits:
    """All visits of one fingerprint.

    Attributes:
        known: the speed that the machine is known to have, from more visits than these: that of
            its latency table. These visits are compared with it and scaled to it, which shows
            a machine that is slow all along from one that is never faster.
    """

    def __init__(self, visits: Iterable[Visit] = (), known: Speed | None = None) -> None:
        self.known = known
        self._by_graph: dict[str, list[Visit]] = {}
        for visit in visits:
            self._by_graph.setdefault(visit.graph, []).append(visit)

    def __iter__(self) -> Iterator[Visit]:
        return (visit for visits in self._by_graph.values() for visit in visits)

    def graphs(self) -> list[str]:
        """The keys of all visited graphs."""
        return list(self._by_graph)

    def of(self, graph: str, sessions: Container[int] | None = None) -> list[Visit]:
        """The visits of a graph, of some sessions alone if asked."""
        visits = self._by_graph.get(graph, [])
        return visits if sessions is None else [v for v in visits if v.session in sessions]

    @cached_property
    def baseline(self) -> float:
        """What the reference block takes when nothing disturbs it, ms; 0 without one.

        As it is known, or the 10 % quantile over all visits.
        """
        if self.known is not None:
            return self.known.undisturbed
        times = [visit.reference_ms for visit in self if visit.reference_ms]
        return float(np.quantile(times, 0.1)) if times else 0.0

    def affected(self, visit: Visit) -> bool:
        """Whether the machine was slow around a visit."""
        return visit.reference_ms > AFFECTED * self.baseline

    @cached_property
    def usual(self) -> float:
        """What the reference block takes at the machine's usual speed, ms; 0 without one.

        As it is known, or the median over visits that were not affected, or over all when most
        were: between two tables of one device it differs by less than the quantile that they are
        judged by.
        """
        if self.known is not None:
            return self.known.usual
        times = [visit.reference_ms for visit in self if visit.reference_ms]
        calm = [time for time in times if time <= AFFECTED * self.baseline]
        return float(np.median(calm if 2 * len(calm) >= len(times) else times)) if times else 0.0

    @property
    def speed(self) -> Speed | None:
        """The machine's, for `known` of later visits; None without a reference block."""
        return Speed(self.baseline, self.usual) if self.baseline else None

    def slower(self, graph: str | None = None) -> float:
        """By which share the reference block took longer than it usually does, in the median.

        0.1 is 10 %, below 0 is faster; without a known speed, than when nothing disturbed it. Of
        the visits around one graph alone if asked; 0 without a reference block.
        """
        some = self if graph is None else self.of(graph)
        times = [visit.reference_ms for visit in some if visit.reference_ms]
        usual = self.known.usual if self.known is not None else self.baseline
        return float(np.median(times)) / usual - 1 if times and usual else 0.0

    def clean(self, graph: str, sessions: Container[int] | None = None) -> list[Visit]:
        """The visits of a graph that were not affected."""
        return [visit for visit in self.of(graph, sessions) if not self.affected(visit)]

    def summary(self, graph: str, sessions: Container[int] | None = None) -> LatencySummary:
        """The summary of a visited graph, of some sessions alone if asked."""
        visits = self.of(graph, sessions)
        clean = self.clean(graph, sessions)
        # A minority of fast visits is no better known by itself: a burst of turbo in the first
        # session.
        enough = len(clean) >= (1 - MOST_AFFECTED) * len(visits)
        enough |= self.known is not None and len(clean) >= ENOUGH
        used = clean if enough else visits
        speeds = [self.usual / v.reference_ms if v.reference_ms else 1.0 for v in used]
        summary = LatencySummary.of(used, speeds, len(visits) - len(used))
        if enough:
            return summary
        return replace(summary, warnings=(AFFECTED_WARNING, *summary.warnings))

    def difference(self, graph: str, one: Container[int], other: Container[int]) -> float:
        """What a graph's latencies by two sets of sessions differ by, relative to their mean."""
        a, b = (self.summary(graph, sessions).ms for sessions in (one, other))
        return abs(a - b) / ((a + b) / 2)

    def summaries(self, sessions: Container[int] | None = None) -> dict[str, LatencySummary]:
        """The summary of every visited graph."""
        return {key: self.summary(key, sessions) for key in self.graphs() if self.of(key, sessions)}

    def values(self, sessions: Container[int] | None = None) -> dict[str, float]:
        """The latency of every visited graph, ms, of some sessions alone if asked."""
        return {key: summary.ms for key, summary in self.summaries(sessions).items()}

    def session_spread(self, graph: str) -> float:
        """(max − min) / min of a graph's latencies by each session alone; 0 for one session.

        Each session loads the graph anew; on a GPU it builds another engine.
        """
        sessions = {visit.session for visit in self.of(graph)}
        by_session = [self.summary(graph, [session]).ms for session in sessions]
        return (max(by_session) - min(by_session)) / min(by_session)

    def affected_share(self, graph: str | None = None) -> float:
        """The share of visits that were affected, 0 to 1; of one graph's alone if asked."""
        flags = [self.affected(visit) for visit in (self if graph is None else self.of(graph))]
        return sum(flags) / len(flags) if flags else 0.0
