"""The page of several runs side by side: their fronts in one chart, and their figures."""

from pathlib import Path

import numpy as np

from hwnas.core.foreign_text import shown
from hwnas.objectives.budgets import LATENCY
from hwnas.report.chart import Chart, axis
from hwnas.report.comparison import RunComparison
from hwnas.report.comparison_rows import bounds_text, comparison_rows
from hwnas.report.html import callouts, paragraphs, section, table, text
from hwnas.report.page import document, drawn_data, header
from hwnas.report.points import DrawnPoints
from hwnas.report.sections.front import (
    COLORS,
    beside_card,
    group_buttons,
    legend,
    points_of,
    slider,
)
from hwnas.report.sections.network import network_place

# By which its pages are known.
_TITLE = "<title>hwnas comparison: "


def is_comparison_page(path: Path) -> bool:
    """Whether a file is a page that `comparison_page` made."""
    with path.open("rb") as file:
        return _TITLE.encode() in file.read(4096)


def comparison_page(comparison: RunComparison, drawn: DrawnPoints) -> str:
    """The HTML text, with its style and its script in it: it needs no network to be read."""
    bounds = [one.bound for one in comparison.common_budgets if one.name == LATENCY]
    most = float(drawn.ms.max(initial=0.0))
    seen = [*drawn.ms.tolist(), *(one for one in bounds if one <= 2 * most)]
    x = axis(seen, "predicted latency (ms)")
    y = axis(drawn.score.tolist(), comparison.accuracy)
    chart = Chart("front-chart", "", x, y, attributes=slider(len(drawn.front), "fronts of runs"))
    for index, run in enumerate(comparison.runs):
        numbers = np.flatnonzero(drawn.of(index)).tolist()
        css, of_group = f"s{index % COLORS}", f"data-group='{index}'"
        chart.line(points_of(drawn, numbers), css, of_group, steps=True)
        chart.dots(points_of(drawn, numbers), f"{css} big", of_group)
        if run.knee is not None:
            chart.mark(float(run.front.costs[run.knee]), float(run.front.scores[run.knee]), "knee")
    for bound in bounds:
        if bound <= x.high:
            chart.rule(bound, "smallest budget")
    knees = any(run.knee is not None for run in comparison.runs)
    marks = ["<span class='plain'>◆ knee</span>"] if knees else []
    sections = [
        section(
            "front",
            "Fronts",
            beside_card(chart, legend([*group_buttons(drawn), *marks])),
            note="Point at a network to see what it is; click it, or move along the fronts with "
            "the arrow keys, to see its blocks below.",
        ),
        section(
            "runs",
            "Runs",
            callouts(f"note: {note}" for note in comparison.notes),
            table(["", *drawn.groups], comparison_rows(comparison), "runs"),
            paragraphs([f"the smallest budgets: {bounds_text(comparison.common_budgets)}"], "note"),
        ),
        network_place("the reference on the same device"),
    ]
    links = [("front", "Fronts"), ("runs", "Runs"), ("network", "Network")]
    words = {
        "unit": shown(comparison.unit),
        "called": shown(comparison.runs[0].score_info.short),
        "by_word": "run",
        "mark": "on the front of its run",
        "solid": False,
    }
    data = drawn_data(drawn, None, x=(x.low, x.high), y=(y.low, y.high)) | words
    return document(
        title=f"{_TITLE}{text(comparison.title)}</title>",
        head=header("hwnas comparison", comparison.title, links),
        body="".join(sections),
        data=data,
    )
