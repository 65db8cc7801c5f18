"""Schedule: how often a graph is visited, and when enough is known of it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from hwnas.devices.target import Round
from hwnas.latency.visits import Visits

REFERENCE = "the reference block"
"""Its name in a job: no key of a block or a network, no name of a file."""


@dataclass(frozen=True)
class Schedule:
    """Sessions of interleaved rounds, more of them for graphs whose time is not yet certain.

    Attributes:
        sessions: how often every graph is loaded anew, in a new process: two sessions of one graph
            differ (memory layout).
        most_sessions: for graphs that are not settled by then.
        rounds: visits a session, each round in a new random order.
        least_runs: inferences a visit, at least.
        least_ms: duration of a visit, at least (up to 100 inferences).
        tolerance: the most that the latencies by even and by odd sessions may differ (0.02 is 2 %).
        seconds: no further session is begun for unsettled graphs after this time.
        reference_every: graphs between two visits of the reference block.
    """

    sessions: int = 6
    most_sessions: int = 12
    rounds: int = 8
    least_runs: int = 5
    least_ms: float = 1.0
    tolerance: float = 0.02
    seconds: float = 150.0
    reference_every: int = 8

    def settled(self, visits: Visits, graph: str, before: int) -> bool:
        """Whether the sessions before one suffice for a graph.

        They do when half of the least number of visits was not affected and the latencies by
        the even and the odd sessions agree: that is measuring it twice.
        """
        even, odd = range(0, before, 2), range(1, before, 2)
        clean = [len(visits.clean(graph, sessions)) for sessions in (even, odd)]
        if 2 * sum(clean) < self.sessions * self.rounds or not all(clean):
            return False
        return visits.difference(graph, even, odd) <= self.tolerance

    def wanted(self, visits: Visits, graphs: Sequence[str], session: int) -> list[str]:
        """The graphs that a session is to visit, given the sessions before it."""
        if session < self.sessions:
            return list(graphs)
        return [graph for graph in graphs if not self.settled(visits, graph, session)]

    def rounds_of(self, visits: Visits, graphs: Sequence[str], session: int) -> list[Round]:
        """What a session still lacks: its rounds, the reference block among them.

        Which order a round has depends on its session and number alone.
        """
        stored = {(v.graph, v.round) for graph in graphs for v in visits.of(graph, [session])}
        found = []
        for number in range(self.rounds):
            order = [graph for graph in graphs if (graph, number) not in stored]
            random.Random(f"{session}/{number}").shuffle(order)
            if order:
                found.append(Round(number, self._with_reference(order)))
        return found

    def _with_reference(self, order: Sequence[str]) -> list[str]:
        result = [REFERENCE]
        for start in range(0, len(order), self.reference_every):
            result += [*order[start : start + self.reference_every], REFERENCE]
        return result
