"""The first section: what was found, in one sentence and a few figures."""

import re

from hwnas.objectives.budgets import LATENCY
from hwnas.objectives.statistics.intervals import interval_text
from hwnas.report.content import ReportContent
from hwnas.report.html import callouts, details, paragraphs, section, table, text
from hwnas.report.pick_rows import pick_header, pick_rows, pick_sentences
from hwnas.report.rows import (
    budgets_text,
    closing_sentences,
    reference_text,
    summary_header,
    summary_rows,
)
from hwnas.report.status_rows import STATUS_HEADER, status_reasons, status_rows
from hwnas.runs.status_form import Status
from hwnas.runs.summary_form import ExportSummary, Figures, Summary

# Where a verdict of two sentences goes on.
_NEXT = re.compile(r"\. (?=[A-Z])")


def verdict_section(content: ReportContent) -> str:
    """The verdict on the winner; before the export, what the search found."""
    summary, picks = content.summary, _picks(content.exported)
    if summary is None:
        return section("result", "Result", *_before_export(content), *picks)
    doubts = [f"not known to be within its budget: {doubt}" for doubt in summary.doubtful]
    verdict, *closing = closing_sentences(summary) or [_plain(summary)]
    if summary.verdict is None:
        verdict, closing = _plain(summary), closing_sentences(summary)
    verdict, *rest = re.split(_NEXT, verdict, maxsplit=1)
    whose = reference_text(summary)
    figures = table(summary_header(summary), summary_rows(summary), "winner and reference")
    rejected = [
        f"A network of {content.score_info.text(one.score)} was passed over: it measures "
        f"{one.measured:.4g} {one.unit}{f' on {one.device}' if one.device else ''}, over its "
        "budget."
        for one in summary.rejected
    ]
    return section(
        "result",
        "Result",
        f"<p class='verdict'>{text(verdict)}</p>",
        paragraphs([*rest, *closing]),
        callouts(doubts),
        f"<div class='tiles'>{_latency(summary)}{_accuracy(summary)}{_size(summary)}</div>",
        paragraphs([budgets_text(summary), *([whose] if whose else [])], "note"),
        details("All figures", figures + paragraphs(rejected, "note")),
        *_formats(content.status),
        *picks,
    )


def _formats(status: Status | None) -> list[str]:
    """The winner in several formats and precisions."""
    if status is None:
        return []
    rows = table(STATUS_HEADER, status_rows(status), "formats and precisions")
    said = paragraphs([f"{one}." for one in status_reasons(status)], "note")
    return ["<h3>Formats and precisions</h3>", rows, said]


def _picks(exported: ExportSummary | None) -> list[str]:
    """The networks that were exported on request."""
    if exported is None or not exported.picks:
        return []
    rows = table(pick_header(exported), pick_rows(exported), "networks exported on request")
    said = paragraphs([f"{one}." for one in pick_sentences(exported)], "note")
    return ["<h3>Exported on request</h3>", rows, said]


def _before_export(content: ReportContent) -> list[str]:
    best, count = content.front_accuracy, len(content.front_accuracy)
    found = f"{count:,} networks on the front" if count != 1 else "One network on the front"
    if count:
        found += f", the best of {content.score_info.text(float(best[-1]))}"
    return [
        f"<p class='verdict'>{text(found)}</p>",
        "<p>This front has not been exported yet; <code>hwnas export</code> does that: it trains "
        "the best network to the end, checks it and measures it.</p>",
    ]


def _plain(summary: Summary) -> str:
    """What the winner does, where there is no reference to compare it with."""
    winner = summary.winner
    what = "predicted to take" if winner.measured_ms is None else "measured at"
    ms = winner.predicted_ms if winner.measured_ms is None else winner.measured_ms
    interval = interval_text(winner.accuracy_interval)
    speed = "" if ms is None else f", {what} {ms:.4g} ms"
    return f"{winner.accuracy:.2f} % ({interval}) on {summary.test_images:,} test images{speed}"


def _tile(title: str, value: str, inner: str, small: str) -> str:
    return (
        f"<div class='tile'><span class='small'>{text(title)}</span><b>{text(value)}</b>{inner}"
        f"<span class='small'>{text(small)}</span></div>"
    )


def _latency(summary: Summary) -> str:
    winner, bound = summary.winner, summary.budgets.get(LATENCY)
    ms, how = winner.measured_ms, "measured"
    if ms is None:
        ms, how = winner.predicted_ms, "predicted"
    if ms is None:
        return ""
    notes, meter = [], ""
    if bound is not None:
        share = min(100.0, 100 * ms / bound)
        meter = f"<div class='meter' aria-hidden='true'><i style='width:{share:.1f}%'></i></div>"
        notes.append(f"{ms / bound:.0%} of the budget of {bound:.4g} ms")
    if how == "measured" and winner.predicted_ms is not None:
        notes.append(f"predicted: {winner.predicted_ms:.4g} ms")
    if summary.reference is not None and (other := _ms(summary.reference, how)) is not None:
        notes.append(f"the reference: {other:.4g} ms")
    where = f"latency, {how}, {summary.precision} on {summary.device}"
    return _tile(where, f"{ms:.4g} ms", meter, "; ".join(notes))


def _ms(figures: Figures, how: str) -> float | None:
    return figures.measured_ms if how == "measured" else figures.predicted_ms


def _accuracy(summary: Summary) -> str:
    winner = summary.winner
    low, high = winner.accuracy_interval
    meter = (
        "<div class='meter range' aria-hidden='true'>"
        f"<i style='left:{low:.2f}%;width:{high - low:.2f}%'></i>"
        f"<u style='left:{winner.accuracy:.2f}%'></u></div>"
    )
    note = f"95 % interval {interval_text(winner.accuracy_interval)}"
    if summary.reference is not None:
        note += f"; the reference: {summary.reference.accuracy:.2f} %"
    title = f"accuracy on {summary.test_images:,} test images"
    return _tile(title, f"{winner.accuracy:.2f} %", meter, note)


def _size(summary: Summary) -> str:
    winner, other = summary.winner, summary.reference
    note = f"{winner.parameters / 1e6:.3g} M parameters"
    if other is not None:
        note += (
            f"; the reference: {other.macs / 1e6:.4g} M MACs, {other.parameters / 1e6:.3g} M "
            "parameters"
        )
    return _tile("multiply-accumulates", f"{winner.macs / 1e6:.4g} M", "", note)
