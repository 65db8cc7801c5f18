"""The report: one self-contained HTML page."""

import html
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import plotly.io

from hwnas.core.foreign_text import shown_lines
from hwnas.estimators.scores import ScoreInfo
from hwnas.latency.family import AnyModel
from hwnas.latency.model import BlockModel
from hwnas.report.content import ReportContent
from hwnas.report.rows import (
    PREDICTOR_HEADER,
    VALIDATION_HEADER,
    budgets_text,
    closing_sentences,
    contribution_header,
    contribution_rows,
    predictor_rows,
    reference_text,
    summary_header,
    summary_rows,
    validation_rows,
)
from hwnas.runs.search_stage import scores_text
from hwnas.runs.stale import meta_tag
from hwnas.runs.summary_form import Summary

# By which its pages are known.
_TITLE = "<title>hwnas: "
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #1c1c1c; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .25rem .9rem; border-bottom: 1px solid #ddd; text-align: right; }
th:first-child, td:first-child { text-align: left; }
pre { background: #f5f5f5; padding: 1rem; overflow-x: auto; }
"""


def is_report(path: Path) -> bool:
    """Whether a file is a page that `render_page` made."""
    with path.open("rb") as file:
        return _TITLE.encode() in file.read(4096)


def render_page(content: ReportContent) -> str:
    """The HTML text, with plotly's script in it: it needs no network to be read."""
    parts = [f"<h1>{_text(content.title)}</h1>"]
    parts += [f"<p><strong>warning: {_text(one)}</strong></p>" for one in content.warnings]
    if content.summary is not None:
        parts += ["<h2>Result</h2>", _summary_table(content.summary)]
    else:
        parts += [
            "<p>This front has not been exported yet; <code>hwnas export</code> does that.</p>"
        ]
    parts += ["<h2>Front</h2>", _div(_front_figure(content), script=True)]
    parts += [_table(content.front_header, content.front_rows)]
    parts += [f"<p>{_text(note)}.</p>" for note in content.front_notes]
    parts += _score_info(content.score_info)
    parts += [
        _table(
            contribution_header(content.score_info),
            contribution_rows(content.contributions, content.score_info),
        )
    ]
    parts += ["<h2>How right the latency table is</h2>", *_validations(content.latency)]
    if content.energy is not None:
        parts += ["<h2>How right the energies are</h2>", *_validations(content.energy)]
        parts += ["<p>Energies are in mJ per inference, of the whole board.</p>"]
    parts += ["<h2>Config</h2>", f"<pre>{_text(content.config_yaml)}</pre>"]
    body = "\n".join(parts)
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        f"{meta_tag(content.digest)}{_TITLE}{_text(content.title)}</title>"
        f"<style>{_STYLE}</style></head>"
        f"<body>{body}</body></html>\n"
    )


def _text(text: str) -> str:
    """A text of strangers as HTML: neither markup nor characters that cannot be seen."""
    return html.escape(shown_lines(text))


def _summary_table(summary: Summary) -> str:
    intro = f"<p>{_text(budgets_text(summary))}</p>"
    for doubt in summary.doubtful:
        text = _text(f"not known to be within its budget: {doubt}")
        intro += f"<p><strong>{text}</strong></p>"
    if whose := reference_text(summary):
        intro += f"<p>{_text(whose)}</p>"
    table = _table(summary_header(summary), summary_rows(summary))
    closing = [f"<p>{_text(sentence)}</p>" for sentence in closing_sentences(summary)]
    return intro + table + "".join(closing)


def _validations(model: AnyModel) -> list[str]:
    """How right a model is, or each of several, under the name of its member."""
    parts = []
    for member, one in model.members.items():
        parts += [*([f"<h3>{_text(member)}</h3>"] if member else []), *_validation(one)]
    return parts


def _validation(model: BlockModel) -> list[str]:
    parts = []
    if model.warning:
        parts += [f"<p><strong>warning: {_text(model.warning)}</strong></p>"]
    if model.validation is not None:
        validation = model.validation
        parts += [
            f"<p>Errors on {validation.prediction.networks} networks that the fit "
            f"({_text(model.correction.name)}) has not seen, beside the difference between "
            "two measurements of the same networks.</p>",
            _table(VALIDATION_HEADER, validation_rows(validation)),
            _div(_validation_figure(model), script=False),
        ]
    return parts


def _score_info(score_info: ScoreInfo) -> list[str]:
    if score_info.file is None:
        return []
    text = _text(scores_text(score_info))
    parts = [f"<h2>Where the accuracies come from</h2><p>{text}</p>"]
    return (
        [*parts, _table(PREDICTOR_HEADER, predictor_rows(score_info))]
        if score_info.errors
        else parts
    )


def _table(header: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{_text(cell)}</th>" for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _front_figure(content: ReportContent) -> go.Figure:
    figure = go.Figure()
    for judged in content.judged:
        figure.add_scatter(
            x=judged.latency_ms.tolist(),
            y=judged.accuracy.tolist(),
            mode="markers",
            name=judged.searcher,
            opacity=0.5,
        )
    figure.add_scatter(
        x=content.front_latency_ms.tolist(),
        y=content.front_accuracy.tolist(),
        name="front",
        mode="lines+markers",
        text=content.front_labels or None,
        line={"shape": "hv", "color": "black"},
        error_y=_errors(content),
    )
    if content.front_knee is not None:
        knee = slice(content.front_knee, content.front_knee + 1)
        figure.add_scatter(
            x=content.front_latency_ms[knee].tolist(),
            y=content.front_accuracy[knee].tolist(),
            name="knee",
            mode="markers",
            marker={"symbol": "diamond", "size": 12, "color": "black"},
        )
    if content.budget_ms is not None:
        figure.add_vline(content.budget_ms, line_dash="dash", annotation_text="budget")
    figure.update_layout(
        xaxis_title="predicted latency (ms)",
        yaxis_title=_text(content.score_info.axis),
        height=520,
    )
    return figure


def _errors(content: ReportContent) -> dict[str, Any] | None:
    """The 95 % intervals of the front's accuracies, as plotly draws them."""
    if not (intervals := content.front_intervals):
        return None
    pairs = list(zip(content.front_accuracy.tolist(), intervals, strict=True))
    return {
        "type": "data",
        "symmetric": False,
        "color": "rgba(0, 0, 0, 0.3)",
        "thickness": 1,
        "array": [high - value for value, (_, high) in pairs],
        "arrayminus": [value - low for value, (low, _) in pairs],
    }


def _validation_figure(model: BlockModel) -> go.Figure:
    figure, validation = go.Figure(), model.validation
    if validation is None:
        return figure
    measured = list(validation.measured)
    for name, values, others in (
        ("predicted, from measured", validation.predicted, validation.measured),
        ("measured, from measured again", validation.first, validation.second),
    ):
        if not values:  # imported timings that nobody took twice
            continue
        error = [100 * (a / b - 1) for a, b in zip(values, others, strict=True)]
        figure.add_scatter(x=measured, y=error, mode="markers", name=name)
    figure.add_hline(0, line_color="black", line_width=1)
    for limit in (-5, 5):
        figure.add_hline(limit, line_dash="dot", line_color="gray")
    axis = f"measured ({model.quantity.unit})"
    figure.update_layout(xaxis_title=axis, yaxis_title="difference (%)", height=420)
    return figure


def _div(figure: go.Figure, *, script: bool) -> str:
    return str(plotly.io.to_html(figure, include_plotlyjs=script, full_html=False))
