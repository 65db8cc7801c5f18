"""Networks that a person times by hand: which ones, and the CSV that they are written into."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from hwnas.core.errors import ConfigError, TableError
from hwnas.devices.device import Device, Fingerprint
from hwnas.latency.csv_networks import NetworkNames
from hwnas.latency.csv_rows import NETWORK
from hwnas.latency.estimate import LEAST_NETWORKS
from hwnas.latency.imported import known_blocks
from hwnas.latency.interchange_csv import Timings
from hwnas.latency.table import LatencyTable
from hwnas.networks.blocks import Block, Network, block_key, distinct_blocks
from hwnas.objectives.costs import MACS
from hwnas.runs.latencies import scope_of
from hwnas.spaces import SearchSpace
from hwnas.spaces.numbering import architecture_text, network_of
from hwnas.spaces.references.of_space import reference_of
from hwnas.spaces.sampling import spread_sample

# Of the MACs between the smallest and the largest network, how much timed ones are to span.
_LEAST_SPAN = 0.7
_SHEET = ("kind", "space", "architecture", "file", "ms")


@dataclass(frozen=True)
class ToTime:
    """A network to be timed.

    Attributes:
        architecture: the number of each choice, as in "0 2 1".
        file: the name of its ONNX file.
        network: its blocks.
    """

    architecture: str
    file: str
    network: Network


def networks_to_time(space: SearchSpace, count: int) -> list[ToTime]:
    """At most `count` networks of a space, from the smallest to the largest: always the same ones.

    Raises:
        ConfigError: the space holds too few to estimate anything from.
    """
    rows = spread_sample(space, np.random.default_rng(0), count)
    if len(rows) < LEAST_NETWORKS:
        raise ConfigError(
            f"the space {space.name} holds {space.size} networks, and blocks are estimated from "
            f"{LEAST_NETWORKS} at least; import timings of its blocks instead "
            "(docs/guides/timings.md)"
        )
    digits = len(str(len(rows)))
    return [
        ToTime(architecture_text(space, row), f"network_{number:0{digits}d}.onnx", network)
        for number, (row, network) in enumerate(
            zip(rows, space.networks(rows), strict=True), start=1
        )
    ]


def sheet(space: SearchSpace, networks: Sequence[ToTime]) -> str:
    """The CSV to fill in: a row a network, without its time."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_SHEET)
    for one in networks:
        writer.writerow([NETWORK, scope_of(space), one.architecture, one.file, ""])
    return text.getvalue()


def network_names(space: SearchSpace, folder: Path, device: Device | None = None) -> NetworkNames:
    """How a CSV in a folder names the networks of a space, which were timed on a device."""
    named = partial(network_of, space)
    return NetworkNames(scope_of(space), named, space.architecture, folder, device)


def estimated_blocks(
    space: SearchSpace, priors: Sequence[Path], fingerprint: Fingerprint
) -> tuple[tuple[Block, ...], dict[str, dict[str, float]]]:
    """The blocks to be estimated, and what tables of other devices say of them, by their paths.

    The blocks of the space, and of its reference network where all tables know those.

    Args:
        space: the space.
        priors: the tables.
        fingerprint: of the device whose networks are imported.

    Raises:
        TableError: a table is not there, lacks blocks of the space, or is of networks of the same
            device.
    """
    blocks = space.blocks()
    every = distinct_blocks([blocks, reference_of(space) or ()])
    wide: dict[str, dict[str, float]] = {}
    narrow: dict[str, dict[str, float]] = {}
    for path in priors:
        with LatencyTable.existing(path) as table:
            narrow[str(path)] = known_blocks(table, scope_of(space), blocks, fingerprint)
            try:
                wide[str(path)] = known_blocks(table, scope_of(space), every, fingerprint)
            except TableError:
                continue
    return (every, wide) if len(wide) == len(narrow) else (blocks, narrow)


def narrow_span(space: SearchSpace, timings: Timings) -> str | None:
    """A sentence where the timed networks are only small or only large ones of the space.

    The error of an estimate is that of networks between those that were timed.
    """
    ends = MACS.evaluate(space.networks(spread_sample(space, np.random.default_rng(0), 2)))
    macs = MACS.evaluate(list(timings.networks)) if timings.networks else ends
    if macs.max() - macs.min() >= _LEAST_SPAN * (ends[-1] - ends[0]):
        return None
    return (
        f"the timed networks have {macs.min() / 1e6:.3g} to {macs.max() / 1e6:.3g} M MACs, those "
        f"of the space {ends[0] / 1e6:.3g} to {ends[-1] / 1e6:.3g} M; time some of the others too: "
        "outside the range that was timed, latencies are less accurate than stated here"
    )


def refuse_missing(space: SearchSpace, timings: Timings) -> None:
    """Raises TableError where rows of blocks are not all that a space needs."""
    missing = [block for block in space.blocks() if block not in timings.blocks]
    if missing:
        raise TableError(
            f"{timings.source} lacks {len(missing)} of {len(space.blocks())} blocks of "
            f"{scope_of(space)}, such as '{block_key(missing[0])}'; add their rows"
        )
