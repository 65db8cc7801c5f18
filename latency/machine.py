"""The machine of a table: its fingerprint, its conditions while measuring, its runtime's cache."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

from hwnas.core.database import Database, now
from hwnas.core.digests import SHA256, digest
from hwnas.core.errors import DeviceError, TableError
from hwnas.devices.device import Fingerprint

MACHINE_SCHEMA = """
CREATE TABLE IF NOT EXISTS provenance (name TEXT PRIMARY KEY, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS conditions (
    session INTEGER NOT NULL, round INTEGER NOT NULL, content TEXT NOT NULL, date TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS caches (sha256 TEXT PRIMARY KEY, content BLOB NOT NULL)
"""


class StoredMachine:
    """What is known of the machine that was measured, in a database with `MACHINE_SCHEMA`."""

    _database: Database

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
                f"{self._database.path} holds the timings of another device: {difference}; "
                "name another file with --table, or move this one away to measure again"
            )

    def add_uncontrolled(self, names: Sequence[str]) -> None:
        """Notes what of the machine was not controlled in a session, added to earlier sessions."""
        content = json.dumps(sorted({*self.uncontrolled(), *names}))
        self._database.write(
            "INSERT OR REPLACE INTO provenance VALUES ('uncontrolled', ?)", (content,)
        )

    def uncontrolled(self) -> list[str]:
        """What was not controlled while measuring: "governor" or "clock", for example."""
        rows = self._database.rows("SELECT content FROM provenance WHERE name = 'uncontrolled'")
        names: list[str] = self._database.document("uncontrolled", rows[0][0], list) if rows else []
        if not all(isinstance(name, str) for name in names):
            raise self._database.damaged(f"what was not controlled is {names}")
        return names

    def cache(self) -> bytes:
        """What the device's runtime keeps from one job to the next; b"" for nothing.

        That is what a `hwnas.devices.runtimes.runtime.CachingRuntime` reads and writes. With the
        timing cache of TensorRT the engines of all blocks, of the networks that they are checked
        by, and of what is exported later are made of the same kernels.
        """
        rows = self._database.rows("SELECT sha256, content FROM caches")
        # A damaged one is made again, as if there were none.
        whole = [content for sha256, content in rows if sha256 == digest(content, SHA256)]
        return bytes(whole[0]) if whole else b""

    def keep_cache(self, content: bytes) -> None:
        """Replaces the cache by what the device's runtime made of it."""
        with self._database.transaction():
            self._database.write("DELETE FROM caches")
            row = (digest(content, SHA256), content)
            self._database.write("INSERT INTO caches VALUES (?, ?)", row)

    def cache_hash(self) -> str | None:
        """SHA-256 of the cache, None when there is none."""
        rows = self._database.rows("SELECT sha256 FROM caches")
        return str(rows[0][0]) if rows else None

    def add_conditions(self, session: int, number: int, conditions: Mapping[str, float]) -> None:
        """Stores what the machine was like during a round, see `hwnas.devices.conditions`."""
        self._database.write(
            "INSERT INTO conditions VALUES (?, ?, ?, ?)",
            (session, number, json.dumps(conditions), now()),
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
