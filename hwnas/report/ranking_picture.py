"""The picture of a ranking: each estimator's scores against the known accuracies."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.estimators.scores import axis_label
from hwnas.objectives.statistics.ranking import RankingReport
from hwnas.report.drawing import svg
from hwnas.runs.ranking import Ranking

_COLUMNS = 3

Panel = tuple[str, str, NDArray[np.float64], NDArray[np.float64]]
"""Title, label of the scores, (N,) scores, (N,) accuracies in percent."""


def ranking_svg(ranking: Ranking) -> str:
    """A panel for each estimator, for MACs alone, and for one training against another.

    Points are the networks of the first seed; the tau of a title is the mean over seeds.
    """
    panels = _panels(ranking)
    columns = min(_COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)

    def drawn(pyplot: Any) -> Any:
        figure, grid = pyplot.subplots(
            rows, columns, figsize=(3.4 * columns, 2.9 * rows), layout="constrained", squeeze=False
        )
        for axes in grid.flat[len(panels) :]:
            axes.set_axis_off()
        for axes, (title, label, scores, accuracies) in zip(grid.flat, panels, strict=False):
            axes.plot(scores, accuracies, ".", markersize=3, alpha=0.5)
            axes.set_title(title)
            axes.set_xlabel(label)
            axes.grid(alpha=0.3)
        for axes in grid[:, 0]:
            axes.set_ylabel("known accuracy (%)")
        return figure

    return svg(drawn, font_size=9)


def _panels(ranking: Ranking) -> list[Panel]:
    sample = ranking.samples[0]
    truth = ranking.known.accuracies[sample]
    panels = [
        (
            f"{one.name}: tau {_tau(one.report)}",
            axis_label(one.label, one.unit),
            one.scores,
            truth,
        )
        for one in (*ranking.ranked, ranking.macs)
    ]
    if ranking.ceiling is not None:
        runs = ranking.known.trainings[sample]
        title = f"noise ceiling: tau {_tau(ranking.ceiling)}"
        panels.append((title, "accuracy of one training (%)", runs[:, 0], runs[:, 1]))
    return panels


def _tau(report: RankingReport) -> str:
    return "–" if report.tau is None else f"{report.tau.mean:.3f}"
