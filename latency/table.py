"""LatencyTable: measured blocks and networks of one fingerprint, in one SQLite file.

Every visit's samples are kept, under (graph, session, round): a stopped profiling resumes with the
visits that are missing, and a visit can be stored only once.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any, Self

from hwnas.core.database import Database
from hwnas.core.errors import DeviceError, TableError
from hwnas.core.foreign_text import shown
from hwnas.devices.answers import WARNINGS
from hwnas.devices.device import Fingerprint
from hwnas.latency.energies import ENERGY_SCHEMA, Energies
from hwnas.latency.model import LatencyModel
from hwnas.latency.table_rules import RULES
from hwnas.latency.visits import Summary, Visit, Visits, possible
from hwnas.networks.blocks import (
    Block,
    Network,
    block_from_dict,
    block_key,
    block_to_dict,
    distinct_blocks,
)

FORMAT = "latency table of hwnas 2"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS provenance (name TEXT PRIMARY KEY, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS graphs (
    key TEXT PRIMARY KEY, kind TEXT NOT NULL, blocks TEXT NOT NULL,
    finished INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS visits (
    graph TEXT NOT NULL REFERENCES graphs (key), session INTEGER NOT NULL, round INTEGER NOT NULL,
    samples TEXT NOT NULL, reference_ms REAL NOT NULL, date TEXT NOT NULL,
    PRIMARY KEY (graph, session, round));
CREATE TABLE IF NOT EXISTS conditions (
    session INTEGER NOT NULL, round INTEGER NOT NULL, content TEXT NOT NULL, date TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS warnings (
    graph TEXT NOT NULL, session INTEGER NOT NULL, round INTEGER NOT NULL, names TEXT NOT NULL,
    PRIMARY KEY (graph, session, round));
CREATE TABLE IF NOT EXISTS caches (sha256 TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS models (
    scope TEXT PRIMARY KEY, content TEXT NOT NULL, date TEXT NOT NULL)
"""
_SCHEMAS = f"{_SCHEMA};{ENERGY_SCHEMA}"


def network_key(network: Network) -> str:
    """The key of a whole network in a table: a hash of its blocks' keys."""
    return f"network {_digest(network)}"


def chain_key(blocks: Network) -> str:
    """The key of a chain in a table, see `hwnas.latency.chains`: a hash of its blocks' keys."""
    return f"chain {_digest(blocks)}"


def graph_kind(key: str) -> str:
    """What a key is of: "block", "chain" or "network"."""
    start = key.partition(" ")[0]
    return start if start in ("chain", "network") else "block"


def _digest(blocks: Network) -> str:
    text = "\n".join(map(block_key, blocks))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


class LatencyTable:
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
            schema=_SCHEMAS,
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

    @property
    def fingerprint(self) -> Fingerprint | None:
        """Of the device whose timings are here; None before the first."""
        rows = self._database.rows("SELECT content FROM provenance WHERE name = 'fingerprint'")
        try:
            return Fingerprint.from_dict(json.loads(rows[0][0])) if rows else None
        except (DeviceError, ValueError, RecursionError) as error:
            raise self._database.damaged(error) from error

    def bind(self, fingerprint: Fingerprint) -> None:
        """Makes this the table of a fingerprint, or checks that it is.

        Raises:
            TableError: it holds another device's timings; the message names the field that differs.
        """
        stored = self.fingerprint
        if stored is None:
            content = json.dumps(asdict(fingerprint))
            self._database.write(
                "INSERT OR IGNORE INTO provenance VALUES ('fingerprint', ?)", (content,)
            )
            stored = self.fingerprint  # of another process that was quicker
        difference = stored.difference(fingerprint) if stored else None
        if difference:
            raise TableError(
                f"{self.path} holds the timings of another device: {difference}; "
                "name another file with --table, or move this one away to measure again"
            )

    def add_uncontrolled(self, names: Sequence[str]) -> None:
        """Notes what of the machine was left to chance in a session, beside what was before."""
        content = json.dumps(sorted({*self.uncontrolled(), *names}))
        self._database.write(
            "INSERT OR REPLACE INTO provenance VALUES ('uncontrolled', ?)", (content,)
        )

    def uncontrolled(self) -> list[str]:
        """What was left to chance while measuring: "governor" or "clock", for example."""
        rows = self._database.rows("SELECT content FROM provenance WHERE name = 'uncontrolled'")
        names: list[str] = self._database.document("uncontrolled", rows[0][0], list) if rows else []
        if not all(isinstance(name, str) for name in names):
            raise self._database.damaged(f"what was not controlled is {names}")
        return names

    def cache(self) -> bytes:
        """What the device's runtime wants to be given again, b"" for nothing.

        See `hwnas.devices.runtimes.runtime.CachingRuntime`. With the timing cache of TensorRT the
        engines of all blocks, of the networks that they are checked by, and of what is exported
        later are made of the same kernels.
        """
        rows = self._database.rows("SELECT sha256, content FROM caches")
        # A damaged one is made again, as if there were none.
        whole = [c for digest, c in rows if digest == hashlib.sha256(c).hexdigest()]
        return bytes(whole[0]) if whole else b""

    def keep_cache(self, content: bytes) -> None:
        """Keeps what the device's runtime made of the cache so far, in place of that."""
        with self._database.transaction():
            self._database.write("DELETE FROM caches")
            row = (hashlib.sha256(content).hexdigest(), content)
            self._database.write("INSERT INTO caches VALUES (?, ?)", row)

    def cache_hash(self) -> str | None:
        """SHA-256 of the cache, None when there is none."""
        rows = self._database.rows("SELECT sha256 FROM caches")
        return str(rows[0][0]) if rows else None

    def register(self, graphs: Mapping[str, Network]) -> None:
        """Notes graphs (single blocks, chains, or whole networks) by key, those that are new."""
        with self._database.transaction():
            for key, network in graphs.items():
                blocks = json.dumps([block_to_dict(block) for block in network])
                self._database.write(
                    "INSERT OR IGNORE INTO graphs (key, kind, blocks) VALUES (?, ?, ?)",
                    (key, graph_kind(key), blocks),
                )

    def unfinished(self, keys: Iterable[str]) -> list[str]:
        """Those of some graphs that were not measured to the end, in their order."""
        rows = self._database.rows("SELECT key FROM graphs WHERE finished = 1")
        finished = {key for (key,) in rows}
        return [key for key in keys if key not in finished]

    def finish(self, keys: Iterable[str]) -> None:
        """Notes that graphs were measured to the end: as often as their schedule asks for."""
        with self._database.transaction():
            for key in keys:
                self._database.write("UPDATE graphs SET finished = 1 WHERE key = ?", (key,))

    def add(self, visits: Sequence[Visit]) -> None:
        """Stores some visits, for good, all or none.

        Raises:
            TableError: one is stored already, or the disk is full.
        """
        now = _now()
        self.add_dated([(visit, now) for visit in visits])

    def add_dated(self, visits: Iterable[tuple[Visit, str]]) -> None:
        """Stores visits of another table with the dates of their measurement, see `add`."""
        warned: list[tuple[str, int, int, str]] = []

        def rows() -> Iterator[tuple[object, ...]]:
            for v, date in visits:
                if not possible(v.samples):
                    raise TableError(
                        f"the timings {shown(v.samples, longest=60)} ms of '{shown(v.graph)}' "
                        "cannot be; correct them, or measure again"
                    )
                key = (v.graph, v.session, v.round)
                if v.warnings:
                    warned.append((*key, " ".join(v.warnings)))
                yield *key, json.dumps(v.samples), v.reference_ms, date

        with self._database.transaction():
            self._database.write_many("INSERT INTO visits VALUES (?, ?, ?, ?, ?, ?)", rows())
            self._database.write_many("INSERT INTO warnings VALUES (?, ?, ?, ?)", warned)

    def add_conditions(self, session: int, number: int, conditions: Mapping[str, float]) -> None:
        """Stores what the machine was like during a round, see `hwnas.devices.conditions`."""
        self._database.write(
            "INSERT INTO conditions VALUES (?, ?, ?, ?)",
            (session, number, json.dumps(conditions), _now()),
        )

    def conditions(self) -> dict[str, tuple[float, float]]:
        """Least and greatest of everything that was read of the machine while measuring."""
        found: dict[str, list[float]] = {}
        for content in self._conditions():
            for name, value in content.items():
                found.setdefault(name, []).append(value)
        return {name: (min(values), max(values)) for name, values in found.items()}

    def _conditions(self) -> Iterator[dict[str, float]]:
        for row, text in self._database.rows("SELECT rowid, content FROM conditions"):
            content: dict[str, float] = self._database.document(
                f"row {row} of conditions", text, dict
            )
            if not all(type(v) in (int, float) and isfinite(v) for v in content.values()):
                raise self._database.damaged(f"row {row} of conditions holds {text}")
            yield content

    def condition_rows(self) -> list[tuple[Any, ...]]:
        """Session, round, content and date of every reading of the machine, as stored."""
        list(self._conditions())
        return self._database.rows("SELECT session, round, content, date FROM conditions")

    def add_condition_rows(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Stores another table's `condition_rows`, all or none."""
        with self._database.transaction():
            for row in rows:
                self._database.write("INSERT INTO conditions VALUES (?, ?, ?, ?)", row)

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

    def summaries(self) -> dict[str, Summary]:
        """The summary of every measured graph."""
        return self.visits().summaries()

    def networks(self) -> dict[str, Network]:
        """Every registered whole network by key."""
        return {key: blocks for key, kind, blocks in self._graphs() if kind == "network"}

    def blocks(self) -> dict[str, Block]:
        """Every registered single block by key."""
        return {key: blocks[0] for key, kind, blocks in self._graphs() if kind == "block"}

    def chains(self) -> dict[str, Network]:
        """Every registered chain by key."""
        return {key: blocks for key, kind, blocks in self._graphs() if kind == "chain"}

    def graphs(self) -> dict[str, Network]:
        """Every registered graph by key: the single blocks, the chains, the whole networks."""
        singles = {key: (block,) for key, block in self.blocks().items()}
        return {**singles, **self.chains(), **self.networks()}

    def save_model(self, scope: str, content: Mapping[str, Any]) -> None:
        """Stores the latency model of a scope (a space at a resolution) with the table."""
        self._database.write(
            "INSERT OR REPLACE INTO models VALUES (?, ?, ?)",
            (scope, json.dumps(content), _now()),
        )

    def models(self) -> dict[str, dict[str, Any]]:
        """Every stored model by scope."""
        rows = self._database.rows("SELECT scope, content FROM models ORDER BY scope")
        found = {
            scope: self._database.document(f"the model of {scope}", text, dict)
            for scope, text in rows
        }
        for scope, content in found.items():
            try:
                LatencyModel.from_dict(content)
            except TableError as error:
                raise self._database.damaged(f"of {scope}, {error}") from error
        return found

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
        return [(key, kind, self._blocks(key, kind, text)) for key, kind, text in rows]

    def _blocks(self, key: str, kind: str, text: str) -> Network:
        try:
            blocks = tuple(map(block_from_dict, json.loads(text)))
            if kind == graph_kind(key) and blocks and key == _key_of(kind, blocks):
                return blocks
        except (ValueError, TypeError, AttributeError, RecursionError):
            pass
        raise self._database.damaged(f"the graph '{key}' has the blocks {shown(text, longest=60)}")


def _key_of(kind: str, blocks: Network) -> str:
    if kind == "block":
        return block_key(blocks[0]) if len(blocks) == 1 else ""
    return network_key(blocks) if kind == "network" else chain_key(blocks)


def register_all(
    table: LatencyTable, blocks: Iterable[Block], networks: Iterable[Network]
) -> dict[str, Network]:
    """Registers blocks and whole networks, and returns all of them by key."""
    graphs: dict[str, Network] = {}
    for block in distinct_blocks([tuple(blocks)]):
        graphs[block_key(block)] = (block,)
    for network in networks:
        graphs[network_key(network)] = network
    table.register(graphs)
    return graphs


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
