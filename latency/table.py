"""LatencyTable: measured blocks and networks of one fingerprint, in one SQLite file.

Every visit's samples are kept, under (graph, session, round): a stopped profiling resumes with the
visits that are missing, and a visit can be stored only once.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np

from devices.database import Database
from devices.device import Fingerprint
from devices.errors import TableError
from latency.blocks import (
    Block,
    Network,
    block_from_dict,
    block_key,
    block_to_dict,
    distinct_blocks,
)

FORMAT = "latency table of hwnas 1"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS provenance (name TEXT PRIMARY KEY, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS graphs (
    key TEXT PRIMARY KEY, kind TEXT NOT NULL, blocks TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS visits (
    graph TEXT NOT NULL REFERENCES graphs (key), session INTEGER NOT NULL, round INTEGER NOT NULL,
    samples TEXT NOT NULL, date TEXT NOT NULL, PRIMARY KEY (graph, session, round));
CREATE TABLE IF NOT EXISTS models (
    scope TEXT PRIMARY KEY, content TEXT NOT NULL, date TEXT NOT NULL)
"""


@dataclass(frozen=True)
class Summary:
    """What is known of one graph's latency, in ms, over all samples of all visits."""

    samples: int
    visits: int
    min: float
    p10: float
    median: float
    p90: float

    @classmethod
    def of(cls, visits: Iterable[Iterable[float]]) -> "Summary":
        """The summary of some visits' samples.

        The 10 % quantile is what predictions use: under contention low statistics stay put while
        the median wanders.
        """
        rows = [list(visit) for visit in visits]
        values = np.concatenate([np.asarray(row, dtype=np.float64) for row in rows])
        p10, median, p90 = np.quantile(values, [0.1, 0.5, 0.9])
        return cls(len(values), len(rows), float(values.min()), float(p10), float(median),
                   float(p90))  # fmt: skip


def network_key(network: Network) -> str:
    """The key of a whole network in a table: a hash of its blocks' keys."""
    text = "\n".join(map(block_key, network))
    return f"network {hashlib.sha256(text.encode()).hexdigest()[:24]}"


class LatencyTable:
    """One SQLite file of timings that may be compared with each other."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the file.

        Raises:
            TableError: the file is damaged, not a latency table, or cannot be written.
        """
        self.path = path
        self._database = Database(path, format_name=FORMAT, schema=_SCHEMA, error=TableError)

    @classmethod
    def existing(cls, path: Path) -> "LatencyTable":
        """Opens a table that must be there.

        Raises:
            TableError: it is not; the message says how to make one.
        """
        if path.is_dir():
            raise TableError(f"{path} is a folder; name a latency table, as in {path}/NAME.sqlite")
        if not path.is_file() or not path.stat().st_size:
            raise TableError(f"there is no latency table {path}; make one with 'hwnas profile'")
        return cls(path)

    @property
    def fingerprint(self) -> Fingerprint | None:
        """Of the device whose timings are here; None before the first."""
        rows = self._database.rows("SELECT content FROM provenance WHERE name = 'fingerprint'")
        return Fingerprint.from_dict(json.loads(rows[0][0])) if rows else None

    def bind(self, fingerprint: Fingerprint) -> None:
        """Makes this the table of a fingerprint, or checks that it is.

        Raises:
            TableError: it holds another device's timings; the message names the field that differs.
        """
        self._database.write(
            "INSERT OR IGNORE INTO provenance VALUES ('fingerprint', ?)",
            (json.dumps(asdict(fingerprint)),),
        )
        stored = self.fingerprint
        difference = stored.difference(fingerprint) if stored else None
        if difference:
            raise TableError(
                f"{self.path} holds the timings of another device: {difference}; "
                "name another file with --table, or move this one away to measure again"
            )

    def register(self, key: str, network: Network) -> None:
        """Notes that a graph (a single block, or a whole network) is to be measured."""
        kind = "block" if len(network) == 1 and not key.startswith("network ") else "network"
        blocks = json.dumps([block_to_dict(block) for block in network])
        self._database.write("INSERT OR IGNORE INTO graphs VALUES (?, ?, ?)", (key, kind, blocks))

    def add_visit(self, key: str, session: int, number: int, samples: Iterable[float]) -> None:
        """Stores one visit, for good, before the next is read.

        Raises:
            TableError: the visit is stored already, or the disk is full.
        """
        row = (key, session, number, json.dumps(list(samples)), _now())
        self._database.write("INSERT INTO visits VALUES (?, ?, ?, ?, ?)", row)

    def visited(self) -> set[tuple[str, int, int]]:
        """(graph key, session, round) of every visit that is stored."""
        rows = self._database.rows("SELECT graph, session, round FROM visits")
        return {(key, session, number) for key, session, number in rows}

    def summaries(self, sessions: Iterable[int] | None = None) -> dict[str, Summary]:
        """The summary of every measured graph, of some sessions alone if asked."""
        wanted = None if sessions is None else set(sessions)
        visits: dict[str, list[list[float]]] = {}
        rows = self._database.rows(
            "SELECT graph, session, samples FROM visits ORDER BY graph, session, round"
        )
        for key, session, samples in rows:
            if wanted is None or session in wanted:
                visits.setdefault(key, []).append(json.loads(samples))
        return {key: Summary.of(samples) for key, samples in visits.items()}

    def networks(self) -> dict[str, Network]:
        """Every registered whole network by key."""
        return {key: blocks for key, kind, blocks in self._graphs() if kind == "network"}

    def blocks(self) -> dict[str, Block]:
        """Every registered single block by key."""
        return {key: blocks[0] for key, kind, blocks in self._graphs() if kind == "block"}

    def save_model(self, scope: str, content: Mapping[str, Any]) -> None:
        """Stores the latency model of a scope (a space at a resolution) with the table."""
        self._database.write(
            "INSERT OR REPLACE INTO models VALUES (?, ?, ?)",
            (scope, json.dumps(content), _now()),
        )

    def models(self) -> dict[str, dict[str, Any]]:
        """Every stored model by scope."""
        rows = self._database.rows("SELECT scope, content FROM models ORDER BY scope")
        return {scope: json.loads(content) for scope, content in rows}

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

    def _graphs(self) -> list[tuple[str, str, Network]]:
        rows = self._database.rows("SELECT key, kind, blocks FROM graphs ORDER BY rowid")
        try:
            return [
                (key, kind, tuple(map(block_from_dict, json.loads(blocks))))
                for key, kind, blocks in rows
            ]
        except (ValueError, TypeError) as error:
            raise TableError(f"{self.path} holds a block that cannot be read: {error}") from error


def register_all(
    table: LatencyTable, blocks: Iterable[Block], networks: Iterable[Network]
) -> dict[str, Network]:
    """Registers blocks and whole networks, and returns all of them by key."""
    graphs: dict[str, Network] = {}
    for block in distinct_blocks([tuple(blocks)]):
        graphs[block_key(block)] = (block,)
    for network in networks:
        graphs[network_key(network)] = network
    for key, blocks_of in graphs.items():
        table.register(key, blocks_of)
    return graphs


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
