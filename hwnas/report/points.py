"""The judged networks of a run as the page's chart shows them, each with its blocks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.foreign_text import shown
from hwnas.latency.family import AnyLatency
from hwnas.networks.blocks import Network
from hwnas.networks.ids import network_id
from hwnas.objectives.objective import amount
from hwnas.objectives.statistics.intervals import interval_text
from hwnas.report.networks import Drawings
from hwnas.runs.front_points import FrontPoint
from hwnas.runs.searching import RunSearch
from hwnas.search.front import knee
from hwnas.spaces import Space
from hwnas.spaces.numbering import architecture_text

MOST = 5000
"""So many judged networks a page shows; of more those of the front, and others drawn at random."""


@dataclass(frozen=True)
class DrawnReference:
    """The network beside which others are drawn: its name, its blocks, its predicted ms."""

    name: str
    blocks: list[int]
    ms: float | None


@dataclass(frozen=True)
class DrawnPoints:
    """N networks with what is known of each, and the groups that they belong to.

    Attributes:
        groups: names: searchers of a run, or runs of a comparison.
        ms, score: (N,) predicted latency in ms, and what each was judged to be.
        member: (N,) the groups of each, a bit a group.
        kept: (N,) whether it keeps every budget.
        ids, architectures: N names and N lists of choices.
        blocks: N lists of numbers of `drawings`.
        front: the numbers of the networks of the front, the cheapest first.
        intervals: by the number of a network, the interval of its score as text.
        notes: by the number of a network, further sentences on it.
        knee, winner: numbers of networks; None for none.
        picked: numbers of the further networks that were exported.
        exports: the command that exports a network, "ID" in place of its id; of each group, or one
            for all; "" for none.
        references: one for all groups, or one a group.
        drawings: the blocks of all of these.
        left_out: how many judged networks are not among these.
    """

    groups: list[str]
    ms: NDArray[np.float64]
    score: NDArray[np.float64]
    member: NDArray[np.int64]
    kept: NDArray[np.bool_]
    ids: list[str]
    architectures: list[str]
    blocks: list[list[int]]
    front: list[int]
    drawings: Drawings
    intervals: Mapping[int, str] = field(default_factory=dict)
    notes: Mapping[int, list[str]] = field(default_factory=dict)
    knee: int | None = None
    winner: int | None = None
    picked: Sequence[int] = ()
    exports: Sequence[str] = ("",)
    references: Sequence[DrawnReference | None] = (None,)
    left_out: int = 0

    def of(self, group: int) -> NDArray[np.bool_]:
        """(N,) which networks belong to a group."""
        found: NDArray[np.bool_] = (self.member >> group & 1).astype(np.bool_)
        return found

    def to_dict(self) -> dict[str, Any]:
        """What the page's script is told."""
        widest = max((max(b["in"], b["mid"], b["out"]) for b in self.drawings.blocks), default=1)
        return {
            "groups": list(map(shown, self.groups)),
            "ms": [float(f"{value:.6g}") for value in self.ms.tolist()],
            "score": [float(f"{value:.7g}") for value in self.score.tolist()],
            "by": self.member.tolist(),
            "ok": self.kept.astype(int).tolist(),
            "id": self.ids,
            "arch": self.architectures,
            "net": self.blocks,
            "front": self.front,
            "interval": dict(self.intervals),
            "notes": {number: list(map(shown, some)) for number, some in self.notes.items()},
            "knee": self.knee,
            "winner": self.winner,
            "picked": list(self.picked),
            "exports": list(map(shown, self.exports)),
            "references": [
                one and {"name": shown(one.name), "net": one.blocks, "ms": one.ms}
                for one in self.references
            ],
            "blocks": self.drawings.blocks,
            "widest": widest,
        }


def drawn_points(
    result: RunSearch,
    points: Sequence[FrontPoint],
    space: Space,
    latency: AnyLatency,
    *,
    winner: Network | None,
    reference: tuple[str, Network] | None,
    picked: Collection[str] = (),
    export: str = "",
) -> DrawnPoints:
    """The judged networks of a run.

    Args:
        result: of its search.
        points: of its front.
        space: of the run.
        latency: of its device.
        winner: the network that it exported; None for none.
        reference: the name and the network to draw beside; None for none.
        picked: the ids of the further networks that it exported.
        export: see `DrawnPoints.exports`.
    """
    kept = chosen_points(result)
    rows, scores = result.architectures[kept], result.scores[kept]
    drawings, networks = Drawings(), space.networks(rows)
    front = np.searchsorted(kept, result.on_front).tolist()
    groups = list(result.asked)
    member = np.zeros(len(rows), dtype=np.int64)
    for group, some in enumerate(result.asked.values()):
        member |= some[kept].astype(np.int64) << group
    bend = knee(result.front)
    info = result.score_info
    intervals = {
        number: interval_text(found)
        for number in front
        if (found := info.interval(float(scores[number]))) is not None
    }
    ids = list(map(network_id, networks))
    won = [number for number in front if networks[number] == winner]
    return DrawnPoints(
        groups=groups,
        ms=result.problem.costs(rows),
        score=scores,
        member=member,
        kept=result.problem.feasible(rows),
        ids=ids,
        architectures=[architecture_text(space, row) for row in rows],
        blocks=[drawings.add(network, latency) for network in networks],
        front=front,
        intervals=intervals,
        notes={n: notes for n, one in zip(front, points, strict=True) if (notes := _notes(one))},
        knee=None if bend is None else front[bend],
        winner=won[0] if won else None,
        picked=[number for number, one in enumerate(ids) if one in picked],
        exports=[export],
        references=[reference and drawn_reference(*reference, latency, drawings)],
        drawings=drawings,
        left_out=len(result.scores) - len(rows),
    )


def drawn_reference(
    name: str, network: Network, latency: AnyLatency, drawings: Drawings
) -> DrawnReference:
    """A reference, whose blocks are added to those that are drawn."""
    ms = None if latency.missing(network) else float(latency.predict([network])[0])
    return DrawnReference(name, drawings.add(network, latency), ms)


def chosen_points(result: RunSearch) -> NDArray[np.int64]:
    """The numbers of the judged networks to show, ascending: `MOST`, and all of the front."""
    count = len(result.scores)
    if count <= MOST:
        return np.arange(count)
    others = np.delete(np.arange(count), result.on_front)
    left = max(0, MOST - len(result.on_front))
    drawn = np.random.default_rng(0).choice(others, size=min(left, len(others)), replace=False)
    return np.sort(np.concatenate([result.on_front, drawn]))


def _notes(point: FrontPoint) -> list[str]:
    """What else is predicted of a network of the front."""
    notes = [f"on {device}: {ms:.4g} ms" for device, ms in point.further_ms.items()]
    notes += [] if point.energy_mj is None else [f"energy: {point.energy_mj:.4g} mJ"]
    notes += [f"{name}: {amount(value)}" for name, value in point.costs.items()]
    if point.resolution is not None and point.width is not None:
        notes.append(f"size: {point.resolution} px, width {point.width:g}")
    return notes
