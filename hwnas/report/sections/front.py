"""The front: every judged network, the budgets, and what a reader selects one in."""

import numpy as np

from hwnas.report.chart import Axis, Chart, Points, axis
from hwnas.report.content import ReportContent
from hwnas.report.html import marked_table, paragraphs, section, table, text
from hwnas.report.points import DrawnPoints
from hwnas.report.rows import contribution_header, contribution_rows

COLORS = 8
# Judged networks beyond these shares of all would squeeze the front into a corner.
_LOWEST, _SLOWEST = 0.05, 0.98
_FEW = 50


def front_section(content: ReportContent) -> str:
    """The chart of the front, its legend, its table, and what each searcher brought."""
    info, drawn = content.score_info, content.drawn
    parts = [chart_of_front(content, drawn)] if drawn is not None else []
    parts += [front_table(content.front_header, content.front_rows)]
    parts += [paragraphs([f"{note}." for note in content.front_notes], "note")]
    parts += [
        "<h3>What each searcher brought</h3>",
        table(
            contribution_header(info), contribution_rows(content.contributions, info), "searchers"
        ),
    ]
    note = (
        "Each dot is a judged network. Point at one to see what it is; click it, or move along the "
        "front with the arrow keys, to see its blocks below."
    )
    return section("front", "Front", *parts, note=note)


def front_axes(drawn: DrawnPoints, label: str, bounds: list[float]) -> tuple[Axis, Axis]:
    """The axes on which the front is seen well, predicted ms and the score.

    Args:
        drawn: the networks.
        label: of the score.
        bounds: further milliseconds that should be seen, unless they are far away.
    """
    ms, score = drawn.ms, drawn.score
    front = np.zeros(len(ms), dtype=np.bool_)
    front[drawn.front] = True
    most, least = float("inf"), float("-inf")
    if len(ms) > _FEW:
        most = max(float(np.quantile(ms, _SLOWEST)), float(ms[front].max(initial=0.0)))
        least = min(
            float(np.quantile(score, _LOWEST)), float(score[front].min(initial=float("inf")))
        )
    seen = [float(one) for one in ms[ms <= most]]
    seen += [bound for bound in bounds if seen and bound <= 2 * max(seen)]
    return axis(seen, "predicted latency (ms)"), axis(score[score >= least].tolist(), label)


def hidden_sentence(drawn: DrawnPoints, axes: tuple[Axis, Axis]) -> list[str]:
    """What of the judged networks the chart does not show."""
    x, y = axes
    out = (drawn.ms > x.high) | (drawn.score < y.low) | (drawn.ms < x.low) | (drawn.score > y.high)
    said = []
    if count := int(out.sum()):
        said.append(f"{count:,} judged networks are slower or worse than the chart shows.")
    if drawn.left_out:
        said.append(
            f"{drawn.left_out:,} further judged networks are left out, drawn at random; none of "
            "them is on the front."
        )
    return said


def chart_of_front(content: ReportContent, drawn: DrawnPoints) -> str:
    """The chart with its legend and the card of the selected network."""
    budget = [] if content.budget_ms is None else [content.budget_ms]
    x, y = front_axes(drawn, content.score_info.axis, budget)
    count = len(drawn.front)
    chart = Chart(
        "front-chart",
        "",
        x,
        y,
        attributes=slider(count, f"the {count} networks of the front, from the fastest"),
    )
    if band := content.front_intervals:
        low, high = (
            list(zip(content.front_latency_ms.tolist(), ends, strict=True))
            for ends in zip(*band, strict=True)
        )
        chart.band(low, high)
    draw_groups(chart, drawn)
    if content.values is not None:
        model = zip(content.values.model_ms, content.values.model_score, strict=True)
        chart.line(list(model), "model", steps=True)
    chart.line(points_of(drawn, drawn.front), "front", steps=True)
    chart.dots(points_of(drawn, drawn.front), "front big")
    if content.budget_ms is not None and content.budget_ms <= x.high:
        chart.rule(content.budget_ms, "budget")
    others = [number for number in drawn.picked if number != drawn.winner]
    marks = [("picked", number) for number in others]
    for css, number in (*marks, ("knee", drawn.knee), ("winner", drawn.winner)):
        if number is not None:
            chart.mark(float(drawn.ms[number]), float(drawn.score[number]), css)
    hidden = paragraphs(hidden_sentence(drawn, (x, y)), "note")
    return beside_card(chart, f"{_legend(content, drawn)}{hidden}")


def slider(count: int, name: str) -> str:
    """The attributes of a plot along whose front the arrow keys move."""
    return (
        f"role='slider' tabindex='0' aria-label='{text(name)}' aria-valuemin='0' "
        f"aria-valuemax='{max(0, count - 1)}' aria-valuenow='{max(0, count - 1)}'"
    )


def beside_card(chart: Chart, below: str) -> str:
    """A chart of fronts with what is below it, and the card of the selected network."""
    return (
        f"<div class='beside'><div>{chart.html}{below}</div>"
        "<div class='card' id='network-card' aria-live='polite'></div></div>"
    )


def draw_groups(chart: Chart, drawn: DrawnPoints) -> None:
    """The judged networks of each group, those over a budget fainter."""
    inside = (drawn.ms >= chart.x.low) & (drawn.ms <= chart.x.high)
    inside &= (drawn.score >= chart.y.low) & (drawn.score <= chart.y.high)
    for group in range(len(drawn.groups)):
        some = drawn.of(group) & inside
        for over in (True, False):
            numbers = np.flatnonzero(some & (drawn.kept != over)).tolist()
            if numbers:
                css = f"s{group % COLORS}{' over' if over else ''}"
                data = f"data-group='{group}'{' data-over' if over else ''}"
                chart.dots(points_of(drawn, numbers), css, data)


def points_of(drawn: DrawnPoints, numbers: list[int]) -> Points:
    """(predicted ms, score) of networks by their numbers."""
    return list(zip(drawn.ms[numbers].tolist(), drawn.score[numbers].tolist(), strict=True))


def _legend(content: ReportContent, drawn: DrawnPoints) -> str:
    parts = group_buttons(drawn)
    if not drawn.kept.all():
        parts.append("<button type='button' aria-pressed='true' data-over>over a budget</button>")
    parts.append("<span class='stroke'>front</span>")
    if content.values is not None and content.values.model_ms:
        parts.append("<span class='stroke model'>exact front of a sum of choices</span>")
    if content.front_intervals:
        images = f"{content.score_info.judged_on:,} images"
        parts.append(f"<span class='plain'>shaded: 95 % interval, {images}</span>")
    if drawn.knee is not None:
        parts.append("<span class='plain'>◆ knee</span>")
    if drawn.winner is not None:
        parts.append("<span class='plain'>◉ exported winner</span>")
    if any(number != drawn.winner for number in drawn.picked):
        parts.append("<span class='plain'>○ exported on request</span>")
    return legend(parts)


def group_buttons(drawn: DrawnPoints) -> list[str]:
    """A button a group that shows and hides it."""
    return [
        f"<button type='button' class='s{group % COLORS}' aria-pressed='true' "
        f"data-group='{group}'>{text(name)}</button>"
        for group, name in enumerate(drawn.groups)
    ]


def legend(parts: list[str]) -> str:
    """A legend of buttons and marks."""
    return f"<div class='legend' id='front-legend'>{''.join(parts)}</div>"


def front_table(header: list[str], rows: list[list[str]]) -> str:
    """The front as a table whose first cells select a network."""
    marked = [
        [
            f"<button type='button' data-front='{index}' aria-pressed='false'>"
            f"{text(first)}</button>",
            *map(text, rest),
        ]
        for index, (first, *rest) in enumerate(rows)
    ]
    found = marked_table([text(cell) for cell in header], marked, "front")
    return found.replace("class='scroll'", "class='scroll tall'", 1)
