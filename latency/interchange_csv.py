"""A latency table's timings as CSV, and the same form read from people with their own timings.

docs/reference/csv.md has the form.
"""

import csv
import io
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hwnas.core.errors import TableError
from hwnas.devices.device import IMPORTED
from hwnas.latency.csv_networks import NetworkNames, network_text
from hwnas.latency.csv_rows import (
    COLUMNS,
    FIELDS,
    NETWORK,
    OVERHEAD,
    STATISTICS,
    Row,
    fields_of,
    rows_of,
)
from hwnas.latency.profile import ANY_SCOPE
from hwnas.latency.table import LatencyTable
from hwnas.networks.blocks import Block, Network, block_to_dict

MOST_DIFFERENCE = 0.25
"""The most that repeated timings of one block or network may differ, by default."""


@dataclass(frozen=True)
class Repeats:
    """The timings of one block or network, ms, and the lines that they are in."""

    ms: tuple[float, ...]
    lines: tuple[int, ...]

    @property
    def mean(self) -> float:
        """What they are averaged to, ms."""
        return statistics.fmean(self.ms)

    @property
    def difference(self) -> float:
        """(max − min) / mean."""
        return (max(self.ms) - min(self.ms)) / self.mean


@dataclass(frozen=True)
class Timings:
    """What a CSV says.

    Attributes:
        source: the file.
        blocks, networks: the timings of each.
        overhead: what every network takes beside its blocks, ms; 0 without such a row.
        unfilled: how many rows of networks have no time yet.
    """

    source: str
    blocks: Mapping[Block, Repeats]
    networks: Mapping[Network, Repeats]
    overhead: float
    unfilled: int = 0

    @property
    def block_ms(self) -> dict[Block, float]:
        """The ms of each block, repeated timings averaged."""
        return {block: repeats.mean for block, repeats in self.blocks.items()}

    @property
    def range(self) -> str:
        """What the networks take, in words, so that a wrong unit is seen."""
        ms = [repeats.mean for repeats in self.networks.values()]
        return f"{len(ms)} networks that take {min(ms):.4g} to {max(ms):.4g} ms"

    @property
    def notes(self) -> list[str]:
        """What was done with the rows, a sentence each."""
        notes = []
        if self.unfilled:
            notes.append(
                f"{self.unfilled} rows of networks have no time yet and are left out; "
                f"{len(self.networks)} networks are timed"
            )
        several = [r for r in (*self.blocks.values(), *self.networks.values()) if len(r.ms) > 1]
        if several:
            worst = max(several, key=lambda repeats: repeats.difference)
            middle = statistics.median(repeats.difference for repeats in several)
            notes.append(
                f"{len(several)} blocks or networks have several rows, which are averaged; they "
                f"differ by {middle:.1%} in the median, and by {worst.difference:.1%} at most "
                f"({_lines(worst.lines)})"
            )
        return notes


def table_to_csv(table: LatencyTable) -> str:
    """One row a measured block: its fields, `ms` (its latency), and the other statistics.

    Of imported timings there are also a row of the kind `overhead`, where they had a constant, and
    one of the kind `network` for each whole network. A measured table's networks are left out: its
    CSV is where a person begins who fills in the timings of another device.

    Raises:
        TableError: nothing was measured, or the table is damaged.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    summaries = table.summaries()
    measured = [(b, summaries[key]) for key, b in table.blocks().items() if key in summaries]
    networks = _imported_networks(table)
    if not measured and not networks:
        raise TableError(f"{table.path} holds no measured block; measure some with 'hwnas profile'")
    kinds = dict.fromkeys(block.kind for block, _ in measured)
    columns = tuple(dict.fromkeys((*FIELDS, *fields_of(kinds))))
    header = ("kind", *columns, *COLUMNS[1 + len(FIELDS) :])
    writer.writerow([*header, *(["blocks"] if networks else [])])
    empty, none = [""] * len(columns), [""] * len(STATISTICS)
    imported = table.models().get(ANY_SCOPE)
    overhead = imported.correction.overhead if imported else 0.0
    if overhead:
        writer.writerow([OVERHEAD, *empty, overhead, *none])
    for block, summary in measured:
        values = block_to_dict(block)
        statistic = [getattr(summary, name) for name in STATISTICS]
        cells = [values.get(name, "") for name in columns]
        writer.writerow([block.kind, *cells, summary.ms, *statistic])
    for network in networks:
        for ms in networks[network]:
            writer.writerow([NETWORK, *empty, ms, *none, network_text(network)])
    return text.getvalue()


def timings_from_csv(
    text: str,
    source: str,
    names: NetworkNames | None = None,
    *,
    most_difference: float = MOST_DIFFERENCE,
) -> Timings:
    """The timings of a CSV in the form of docs/reference/csv.md.

    Columns are separated by commas, or by semicolons or tabs, as some spreadsheets do; then a
    number may have a decimal comma. Rows of one block, or of one network, are averaged.

    Args:
        text: what the file holds.
        source: names it in messages.
        names: which networks there may be rows of; None where there may be none.
        most_difference: the most that repeated timings may differ, relative to their mean.

    Raises:
        TableError: anything in it is not of that form; the message names line and column.
    """
    found: dict[Block | Network | None, list[tuple[int, float]]] = {}
    unfilled = 0
    for row in rows_of(text, source):
        key = _timed(row, names)
        if row.kind == NETWORK and not row.cells[row.unit]:
            unfilled += 1
        else:
            found.setdefault(key, []).append((row.line, row.milliseconds()))
    repeats = {
        key: Repeats(tuple(ms for _, ms in rows), tuple(line for line, _ in rows))
        for key, rows in found.items()
    }
    for key, some in repeats.items():
        if some.difference > most_difference:
            what = "overhead" if key is None else "network" if isinstance(key, tuple) else "block"
            raise TableError(
                f"{source}: the timings of one {what} in {_lines(some.lines)} differ by "
                f"{some.difference:.0%}, from {min(some.ms):g} to {max(some.ms):g} ms; correct or "
                "remove the wrong one, or allow more (--difference, now "
                f"{100 * most_difference:g} %)"
            )
    overhead = repeats.pop(None, None)
    timings = Timings(
        source,
        {key: some for key, some in repeats.items() if key and not isinstance(key, tuple)},
        {key: some for key, some in repeats.items() if isinstance(key, tuple)},
        overhead.mean if overhead else 0.0,
        unfilled,
    )
    if not timings.blocks and not timings.networks:
        also = f" ({unfilled} rows have no time yet)" if unfilled else ""
        raise TableError(
            f"{source} has no timed row of a block or a network{also}; give it one for each"
        )
    return timings


def _timed(row: Row, names: NetworkNames | None) -> Block | Network | None:
    """What a row is of; None for the overhead of every network."""
    if row.kind == OVERHEAD:
        return None
    if row.kind != NETWORK:
        return row.block()
    if names is None:
        raise TableError(
            f"{row.source} line {row.line} is of a whole network; name the config that you search "
            "with (--config), so that its space is known"
        )
    return names.network(row)


def _imported_networks(table: LatencyTable) -> dict[Network, tuple[float, ...]]:
    """The timings of each network of an imported table, ms, as its rows were."""
    fingerprint = table.fingerprint
    if fingerprint is None or fingerprint.machine != IMPORTED:
        return {}
    visits = table.visits()
    return {
        network: tuple(ms for visit in visits.of(key) for ms in visit.samples)
        for key, network in table.networks().items()
        if visits.of(key)
    }


def _lines(lines: Sequence[int]) -> str:
    return f"lines {', '.join(map(str, lines[:-1]))} and {lines[-1]}"
