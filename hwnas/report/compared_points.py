"""The fronts of several runs as the page of a comparison shows them, each with its blocks."""

from collections.abc import Sequence
from shlex import quote

import numpy as np

from hwnas.latency.family import AnyLatency
from hwnas.networks.ids import network_id
from hwnas.objectives.statistics.intervals import interval_text
from hwnas.report.comparable import Searched
from hwnas.report.networks import Drawings
from hwnas.report.points import DrawnPoints, DrawnReference, drawn_reference
from hwnas.spaces.numbering import architecture_text


def compared_points(runs: Sequence[Searched]) -> DrawnPoints:
    """The networks of the fronts of runs, each with the blocks' latencies of its own run.

    Raises:
        TableError: a run's latency table is gone.
    """
    models = [run.experiment.stored_latency_model() for run in runs]
    drawings = Drawings()
    blocks: list[list[int]] = []
    ids: list[str] = []
    architectures: list[str] = []
    intervals: dict[int, str] = {}
    for run, latency in zip(runs, models, strict=True):
        front, info = run.result.front, run.result.score_info
        networks = run.experiment.space.networks(front.architectures) if len(front.scores) else []
        for network, row, score in zip(
            networks, front.architectures, front.scores.tolist(), strict=True
        ):
            if (interval := info.interval(score)) is not None:
                intervals[len(ids)] = interval_text(interval)
            ids.append(network_id(network))
            architectures.append(architecture_text(run.experiment.space, row))
            blocks.append(drawings.add(network, latency))
    fronts = [run.result.front for run in runs]
    ms = np.concatenate([front.costs for front in fronts])
    member = np.repeat([1 << i for i in range(len(runs))], [len(one.scores) for one in fronts])
    return DrawnPoints(
        groups=[run.name for run in runs],
        ms=ms,
        score=np.concatenate([front.scores for front in fronts]),
        member=member.astype(np.int64),
        kept=np.ones(len(ms), dtype=np.bool_),
        ids=ids,
        architectures=architectures,
        blocks=blocks,
        front=np.argsort(ms, kind="stable").tolist(),
        intervals=intervals,
        references=[_reference(run, m, drawings) for run, m in zip(runs, models, strict=True)],
        exports=[f"hwnas export {quote(run.name)} --pick ID" for run in runs],
        drawings=drawings,
    )


def _reference(run: Searched, latency: AnyLatency, drawings: Drawings) -> DrawnReference | None:
    found = run.experiment.published
    if found is None:
        return None
    name = f"{found.library}'s {found.name}"
    return drawn_reference(name, found.network, latency, drawings)
