"""LatencyTable: measured blocks and networks of one fingerprint, in one SQLite file.

Every visit's samples are kept, under (graph, session, round): a stopped profiling resumes with the
visits that are missing, and a visit can be stored only once.
"""

import json
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, Self

from hwnas.core.database import Database, now
from hwnas.core.errors import TableError
from hwnas.core.foreign_text import shown
from hwnas.devices.answers import WARNINGS
from hwnas.latency.energies import ENERGY_SCHEMA, Energies
from hwnas.latency.graphs import GRAPHS_SCHEMA, StoredGraphs
from hwnas.latency.machine import MACHINE_SCHEMA, StoredMachine
from hwnas.latency.quantity import ENERGY, Quantity
from hwnas.latency.stored_models import MODELS_SCHEMA, StoredModels
from hwnas.latency.table_rules import RULES
from hwnas.latency.visits import LatencySummary, Visit, Visits, possible

FORMAT = "latency table of hwnas 3"
_VISITS_SCHEMA = """
CREATE TABLE IF NOT EXISTS visits (
    graph TEXT NOT NULL REFERENCES graphs (key), session INTEGER NOT NULL, round INTEGER NOT NULL,
    samples TEXT NOT NULL, reference_ms REAL NOT NULL, date TEXT NOT NULL,
    PRIMARY KEY (graph, session, round));
CREATE TABLE IF NOT EXISTS warnings (
    graph TEXT NOT NULL, session INTEGER NOT NULL, round INTEGER NOT NULL, names TEXT NOT NULL,
    PRIMARY KEY (graph, session, round))
"""
_SCHEMA = ";".join((MACHINE_SCHEMA, GRAPHS_SCHEMA, _VISITS_SCHEMA, MODELS_SCHEMA, ENERGY_SCHEMA))


class Values(Protocol):
    """What was measured of one quantity."""

    def values(self, sessions: Container[int] | None = None) -> dict[str, float]:
        """The value of each measured graph by key, of some sessions alone if asked."""


class LatencyTable(StoredMachine, StoredGraphs, StoredModels):
    """One SQLite file of timings that may be compared with each other.

    Attributes:
        energies: what was measured of the same graphs' energy, most often nothing.
    """

    def __init__(self, path: Path, *, reading: bool = False) -> None:
        """Opens or creates the file.

        Args:
            path: the file.
            reading: see `existing`.

        Raises:
            TableError: the file is damaged, not a latency table, or cannot be written.
        """
        self.path = path
        self._database = Database(
            path,
            format_name=FORMAT,
            schema=_SCHEMA,
            error=TableError,
            reading=reading,
            rules=RULES,
        )
        self.energies = Energies(self._database)

    @classmethod
    def existing(cls, path: Path) -> "LatencyTable":
        """Opens a table that must be there, to be read; one that may not be written will do.

        Raises:
            TableError: it is not; the message says how to make one.
        """
        if path.is_dir():
            raise TableError(f"{path} is a folder; name a latency table, as in {path}/NAME.sqlite")
        if not path.is_file() or not path.stat().st_size:
            raise TableError(f"there is no latency table {path}; make one with 'hwnas profile'")
        return cls(path, reading=True)

    def add(self, visits: Sequence[Visit]) -> None:
        """Stores some visits, for good, all or none.

        Raises:
            TableError: one is stored already, or the disk is full.
        """
        date = now()
        self.add_dated([(visit, date) for visit in visits])

    def add_dated(self, visits: Iterable[tuple[Visit, str]]) -> None:
        """Stores visits of another table with the dates of their measurement, see `add`."""
        warned: list[tuple[str, int, int, str]] = []

        def rows() -> Iterator[tuple[object, ...]]:
            for v, date in visits:
                if not possible(v.samples):
                    raise TableError(
                        f"the timings {shown(v.samples, longest=60)} ms of '{shown(v.graph)}' "
                        "are impossible; correct them, or measure again"
                    )
                key = (v.graph, v.session, v.round)
                if v.warnings:
                    warned.append((*key, " ".join(v.warnings)))
                yield *key, json.dumps(v.samples), v.reference_ms, date

        with self._database.transaction():
            self._database.write_many("INSERT INTO visits VALUES (?, ?, ?, ?, ?, ?)", rows())
            self._database.write_many("INSERT INTO warnings VALUES (?, ?, ?, ?)", warned)

    def visits(self) -> Visits:
        """Every visit, in the order of graph, session and round."""
        return Visits(visit for visit, _ in self.dated_visits())

    def dated_visits(self) -> list[tuple[Visit, str]]:
        """Every visit, in the order of `visits`, and when it was stored, ISO 8601 in UTC."""
        rows = self._database.rows(
            "SELECT graph, session, round, samples, reference_ms, names, date FROM visits "
            "LEFT JOIN warnings USING (graph, session, round) ORDER BY graph, session, round"
        )
        return [(self._visit(*row), date) for *row, date in rows]

    def _visit(
        self, graph: str, session: int, number: int, text: str, reference: float, names: str | None
    ) -> Visit:
        try:
            samples = tuple(json.loads(text))
        except (ValueError, TypeError, RecursionError):
            samples = ()
        warnings = tuple(names.split()) if names else ()
        if not possible(samples) or not WARNINGS.issuperset(warnings):
            raise self._database.damaged(
                f"visit {session}.{number} of '{graph}' has the samples {shown(text, longest=60)}"
                + (f" and the warnings {names}" if names else "")
            )
        return Visit(graph, session, number, samples, reference, warnings)

    def counts(self) -> dict[str, tuple[int, int]]:
        """How many graphs were visited, and how often, by what they are: see `graph_kind`."""
        rows = self._database.rows(
            "SELECT kind, COUNT(DISTINCT key), COUNT(*) FROM visits JOIN graphs ON graph = key "
            "GROUP BY kind"
        )
        return {kind: (graphs, visits) for kind, graphs, visits in rows}

    def summaries(self) -> dict[str, LatencySummary]:
        """The summary of every measured graph."""
        return self.visits().summaries()

    def measured(self, quantity: Quantity) -> Values:
        """What was measured of a quantity."""
        return self.energies if quantity is ENERGY else self.visits()

    def unmeasured(self, quantity: Quantity, keys: Iterable[str]) -> list[str]:
        """Those of some graphs whose quantity was not measured, or not to the end."""
        if quantity is not ENERGY:
            return self.unfinished(keys)
        known = self.energies.values()
        return [key for key in keys if key not in known]

    def source(self, scope: str) -> str:
        """What a model of a scope is of, for people: the space, the device and its runtime."""
        found = self.fingerprint
        if found is None:
            return scope
        runtime = " ".join(filter(None, (found.runtime, found.runtime_version)))
        return f"{scope}, on {found.cpu or found.machine} with {runtime}, {found.precision}"

    def dates(self) -> tuple[str, str] | None:
        """First and last visit, ISO 8601 in UTC; None for an empty table."""
        first, last = self._database.rows("SELECT MIN(date), MAX(date) FROM visits")[0]
        return (first, last) if first else None

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"LatencyTable('{shown(self.path)}')"
