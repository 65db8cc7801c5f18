"""Energies of graphs: every visit, under (graph, session, round), in the table of the timings."""

import statistics
from collections.abc import Container, Iterable, Sequence
from dataclasses import astuple, dataclass

from hwnas.core.database import Database, now

ENERGY_SCHEMA = """
CREATE TABLE IF NOT EXISTS energies (
    graph TEXT NOT NULL REFERENCES graphs (key), session INTEGER NOT NULL, round INTEGER NOT NULL,
    millijoules REAL NOT NULL, inferences INTEGER NOT NULL, ms REAL NOT NULL, date TEXT NOT NULL,
    PRIMARY KEY (graph, session, round))
"""


@dataclass(frozen=True, slots=True)
class EnergyVisit:
    """What the whole board used while a graph ran again and again.

    Attributes:
        graph: its key.
        session: the process in which it ran, counted from 0.
        round: of that session.
        millijoules: per inference, with what the board uses at rest.
        inferences: counted.
        ms: from the first of them to the last.
    """

    graph: str
    session: int
    round: int
    millijoules: float
    inferences: int
    ms: float


Dated = tuple[EnergyVisit, str]
"""A visit, and when it was stored, ISO 8601 in UTC."""


class Energies:
    """The energies of a latency table."""

    def __init__(self, database: Database) -> None:
        """Takes the table's database, which has `ENERGY_SCHEMA`."""
        self._database = database

    def add(self, visits: Sequence[EnergyVisit]) -> None:
        """Stores some visits, for good, all or none.

        Raises:
            TableError: one is stored already, or the disk is full.
        """
        date = now()
        self.add_dated([(visit, date) for visit in visits])

    def add_dated(self, visits: Iterable[Dated]) -> None:
        """Stores visits of another table with the dates of their measurement, see `add`."""
        with self._database.transaction():
            for visit, date in visits:
                row = (*astuple(visit), date)
                self._database.write("INSERT INTO energies VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def visits(self) -> list[EnergyVisit]:
        """Every visit, in the order of graph, session and round."""
        return [visit for visit, _ in self.dated()]

    def dated(self) -> list[Dated]:
        """The same with dates."""
        rows = self._database.rows("SELECT * FROM energies ORDER BY graph, session, round")
        return [(EnergyVisit(*row), date) for *row, date in rows]

    def values(self, sessions: Container[int] | None = None) -> dict[str, float]:
        """The energy of each measured graph, see `energies_of`."""
        return energies_of(self.visits(), sessions)


def energies_of(
    visits: Iterable[EnergyVisit], sessions: Container[int] | None = None
) -> dict[str, float]:
    """The energy of each graph in mJ: the median of its visits, of some sessions alone if asked.

    Unlike interruptions, which only ever add time, what disturbs a reading of energy adds or takes.
    """
    found: dict[str, list[float]] = {}
    for visit in visits:
        if sessions is None or visit.session in sessions:
            found.setdefault(visit.graph, []).append(visit.millijoules)
    return {graph: statistics.median(values) for graph, values in found.items()}
