"""How two tables differ."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hwnas.core.errors import TableError
from hwnas.devices.device import FieldDifference, Fingerprint
from hwnas.latency.table import LatencyTable


@dataclass(frozen=True)
class Pair:
    """One graph in two tables: its latency in both, ms."""

    key: str
    a_ms: float
    b_ms: float

    @property
    def difference(self) -> float:
        """|a − b| / mean."""
        return 2 * abs(self.a_ms - self.b_ms) / (self.a_ms + self.b_ms)


@dataclass(frozen=True)
class Comparison:
    """The blocks, or the whole networks, of two tables.

    Attributes:
        pairs: what both have measured, the most different first.
        only_a, only_b: what one of them has measured, ms by key.
    """

    pairs: tuple[Pair, ...]
    only_a: Mapping[str, float]
    only_b: Mapping[str, float]

    @classmethod
    def of(cls, a: Mapping[str, float], b: Mapping[str, float]) -> "Comparison":
        """Compares timings in ms by key."""
        pairs = [Pair(key, a[key], b[key]) for key in a if key in b]
        return cls(
            tuple(sorted(pairs, key=lambda pair: -pair.difference)),
            {key: value for key, value in a.items() if key not in b},
            {key: value for key, value in b.items() if key not in a},
        )

    def quantile(self, share: float) -> float | None:
        """A quantile of the relative differences (0.05 is 5 %); None without a pair."""
        differences = [pair.difference for pair in self.pairs]
        return float(np.quantile(differences, share)) if differences else None

    @property
    def systematic(self) -> float | None:
        """The median of b/a − 1: how much slower b is as a whole; None without a pair."""
        ratios = [pair.b_ms / pair.a_ms for pair in self.pairs]
        return float(np.median(ratios)) - 1 if ratios else None

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "common": len(self.pairs),
            "median_difference": self.quantile(0.5),
            "p90_difference": self.quantile(0.9),
            "largest_difference": self.quantile(1.0),
            "systematic_difference": self.systematic,
            "graphs": [asdict(pair) | {"difference": pair.difference} for pair in self.pairs],
            "only_a": dict(self.only_a),
            "only_b": dict(self.only_b),
        }


@dataclass(frozen=True)
class TableDifference:
    """How two tables differ; timings of one device when `fields` is empty."""

    fields: tuple[FieldDifference, ...]
    blocks: Comparison
    networks: Comparison


def diff(a: LatencyTable, b: LatencyTable) -> TableDifference:
    """Compares two tables, be they of one device or not.

    Raises:
        TableError: one of them holds no timings.
    """
    first, second = measured_fingerprint(a), measured_fingerprint(b)
    (a_blocks, a_networks), (b_blocks, b_networks) = map(_latencies, (a, b))
    return TableDifference(
        tuple(first.differences(second)),
        Comparison.of(a_blocks, b_blocks),
        Comparison.of(a_networks, b_networks),
    )


def measured_fingerprint(table: LatencyTable) -> Fingerprint:
    """The fingerprint of a table that must hold timings.

    Raises:
        TableError: it holds none.
    """
    found = table.fingerprint
    if found is None:
        raise TableError(f"{table.path} holds no timings yet; measure some with 'hwnas profile'")
    return found


def _latencies(table: LatencyTable) -> tuple[dict[str, float], dict[str, float]]:
    """The ms of a table's measured blocks, and of its measured networks, by key."""
    ms = table.visits().values()
    blocks = {key: ms[key] for key in table.blocks() if key in ms}
    networks = {key: ms[key] for key in table.networks() if key in ms}
    return blocks, networks
