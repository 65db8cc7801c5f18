"""Anchors: networks of a latency table that are measured again beside others, as a reference.

The reference block fits into a core's own cache. Other work that takes the shared caches and the
memory for itself may leave it as fast as ever, and a network not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hwnas.latency.table import LatencyTable
from hwnas.latency.visits import AFFECTED, Speed, Visit
from hwnas.networks.blocks import Network

ANCHOR = "a network of the latency table"
"""Its name among models that are measured side by side."""


@dataclass(frozen=True)
class Anchor:
    """A network and the latency that its table has of it, ms."""

    network: Network
    ms: float


def anchors_of(table: LatencyTable, most: int = 3) -> list[Anchor]:
    """Some of a table's measured networks, at even steps from the fastest to the slowest."""
    networks, summaries = table.networks(), table.summaries()
    keys = sorted((key for key in networks if key in summaries), key=lambda key: summaries[key].ms)
    steps = np.linspace(0, len(keys) - 1, min(most, len(keys))).round().astype(int)
    return [Anchor(networks[keys[step]], summaries[keys[step]].ms) for step in steps]


def nearest(anchors: Sequence[Anchor], ms: float | None) -> Anchor | None:
    """The one that takes most nearly so many ms, the middle one for None; None for none."""
    if not anchors:
        return None
    if ms is None:
        return anchors[len(anchors) // 2]
    return min(anchors, key=lambda one: abs(one.ms - ms))


def judged_by(visits: Iterable[Visit], anchor: Anchor, speed: Speed) -> list[Visit]:
    """The visits, those of rounds in which the anchor was slow with a reference that says so.

    Args:
        visits: of several graphs, the one named `ANCHOR` among them.
        anchor: that network.
        speed: of the machine.
    """
    every = list(visits)
    slowness = {
        (visit.session, visit.round): min(visit.samples) / anchor.ms
        for visit in every
        if visit.graph == ANCHOR
    }

    def judged(visit: Visit) -> Visit:
        slower = slowness.get((visit.session, visit.round), 1.0)
        if slower <= AFFECTED:
            return visit
        return replace(visit, reference_ms=max(visit.reference_ms, slower * speed.usual))

    return [judged(visit) for visit in every]
