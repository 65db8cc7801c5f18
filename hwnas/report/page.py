"""The report: one self-contained HTML page."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hwnas.core.foreign_text import shown
from hwnas.objectives.statistics.intervals import Interval
from hwnas.report.content import ReportContent
from hwnas.report.html import as_data, callouts, text
from hwnas.report.points import DrawnPoints
from hwnas.report.sections.classes import classes_section
from hwnas.report.sections.costs import costs_section
from hwnas.report.sections.ensembles import ensembles_section
from hwnas.report.sections.front import front_axes, front_section
from hwnas.report.sections.network import network_section
from hwnas.report.sections.reproduce import reproduce_section
from hwnas.report.sections.training import training_section
from hwnas.report.sections.validation import validation_section
from hwnas.report.sections.values import scores_section, values_section
from hwnas.report.sections.verdict import verdict_section
from hwnas.runs.stale import meta_tag

# By which its pages are known.
_TITLE = "<title>hwnas: "
_ASSETS = Path(__file__).with_name("assets")

# In the order of the page; (anchor, what the navigation calls it).
_SECTIONS: tuple[tuple[Callable[[ReportContent], str], str, str], ...] = (
    (verdict_section, "result", "Result"),
    (front_section, "front", "Front"),
    (network_section, "network", "Network"),
    (ensembles_section, "ensembles", "Ensembles"),
    (classes_section, "classes", "Classes"),
    (validation_section, "validation", "Predictions"),
    (training_section, "training", "Training"),
    (values_section, "values", "Choices"),
    (scores_section, "scores", "Accuracies"),
    (costs_section, "setting", "Cost"),
    (reproduce_section, "config", "Make it again"),
)


def is_report(path: Path) -> bool:
    """Whether a file is a page that `render_page` made."""
    with path.open("rb") as file:
        return _TITLE.encode() in file.read(4096)


def render_page(content: ReportContent) -> str:
    """The HTML text, with its style and its script in it: it needs no network to be read."""
    found = [(make(content), anchor, name) for make, anchor, name in _SECTIONS]
    sections = [(inner, anchor, name) for inner, anchor, name in found if inner]
    links = [(anchor, name) for _, anchor, name in sections]
    data = page_data(content)
    return document(
        title=f"{_TITLE}{text(content.title)}</title>{meta_tag(content.digest)}",
        head=header("hwnas report", content.title, links),
        body=callouts(f"warning: {one}" for one in content.warnings)
        + "".join(inner for inner, _, _ in sections),
        data=data,
    )


def page_data(content: ReportContent) -> dict[str, Any]:
    """What the script of the page is told."""
    if content.drawn is None:
        return {}
    budget = [] if content.budget_ms is None else [content.budget_ms]
    info, drawn = content.score_info, content.drawn
    x, y = front_axes(drawn, info.axis, budget)
    start = drawn.winner if drawn.winner is not None else drawn.knee
    return drawn_data(drawn, start, x=(x.low, x.high), y=(y.low, y.high)) | {
        "unit": shown(info.unit),
        "called": shown(info.short),
        "by_word": "found by",
        "mark": "on the front",
    }


def drawn_data(
    drawn: DrawnPoints, start: int | None, *, x: Interval, y: Interval
) -> dict[str, Any]:
    """The networks, the axes, and the network that is selected first."""
    if start is None:
        start = drawn.front[-1] if drawn.front else -1
    return drawn.to_dict() | {"axes": {"x": x, "y": y}, "start": start, "solid": True}


def header(eyebrow: str, title: str, links: Sequence[tuple[str, str]]) -> str:
    """The head of the page, with the way to its sections."""
    ways = "".join(f"<a href='#{anchor}'>{text(name)}</a>" for anchor, name in links)
    return (
        f"<header><p class='eyebrow'>{text(eyebrow)}</p><h1>{text(title)}</h1>"
        f"<nav aria-label='sections'>{ways}</nav></header>"
    )


def document(*, title: str, head: str, body: str, data: dict[str, Any]) -> str:
    """A whole page.

    Args:
        title: its title and what else the head of the document begins with, as HTML.
        head: the head that is seen, as HTML.
        body: its sections, as HTML.
        data: what the script is told; nothing for a page without networks.
    """
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        f"{title}<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<style>{_asset('page.css')}</style></head>\n<body><main>{head}{body}</main>\n"
        f"{as_data('data', data)}<script>{_asset('page.js')}</script>"
        f"<script>{_asset('values.js')}</script></body></html>\n"
    )


@cache
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")
