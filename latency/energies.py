"""Energies of graphs: every visit, under (graph, session, round), in the table of the timings."""

import json
import statistics
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Any

from hwnas.core.database import Database

ENERGY_SCHEMA = """
CREATE TABLE IF NOT EXISTS energies (
    graph TEXT NOT NULL REFERENCES graphs (key), session INTEGER NOT NULL, round INTEGER NOT NULL,
    millijoules REAL NOT NULL, inferences INTEGER NOT NULL, ms REAL NOT NULL, date TEXT NOT NULL,
    PRIMARY KEY (graph, session, round));
CREATE TABLE IF NOT EXISTS energy_models (
    scope TEXT PRIMARY KEY, content TEXT NOT NULL, date TEXT NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class EnergyVisit:
    """What the whole board used while a graph ran again and again.

    Attributes:
        graph: its key.
        session: the process in which it ran, counted from 0.
        round: of that session.
        millijoules: an inference, with what the board uses at rest.
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
    """The energies of a latency table, and the models of them."""

    def __init__(self, database: Database) -> None:
        """Takes the table's database, which has `ENERGY_SCHEMA`."""
        self._database = database

    def add(self, visits: Sequence[EnergyVisit]) -> None:
        """Stores some visits, for good, all or none.

        Raises:
            TableError: one is stored already, or the disk is full.
        """
        now = _now()
        self.add_dated([(visit, now) for visit in visits])

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

    def save_model(self, scope: str, content: Mapping[str, Any]) -> None:
        """Stores the energy model of a scope (a space at a resolution)."""
        row = (scope, json.dumps(content), _now())
        self._database.write("INSERT OR REPLACE INTO energy_models VALUES (?, ?, ?)", row)

    def models(self) -> dict[str, dict[str, Any]]:
        """Every stored model by scope."""
        rows = self._database.rows("SELECT scope, content FROM energy_models ORDER BY scope")
        read = self._database.document
        return {scope: read(f"the energy model of {scope}", text, dict) for scope, text in rows}


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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
