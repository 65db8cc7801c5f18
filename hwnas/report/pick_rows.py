"""The rows of the table of picked networks, which terminal and page share."""

from typing import TYPE_CHECKING

from hwnas.objectives.statistics.intervals import interval_text
from hwnas.report.rows import number

if TYPE_CHECKING:
    from hwnas.runs.summary_form import ExportSummary, Figures, Picked


def pick_header(summary: "ExportSummary") -> list[str]:
    """The columns of `pick_rows`."""
    return [
        "id",
        "picked as",
        "measured (ms)",
        "predicted (ms)",
        *(f"on {device} (ms)" for device in _further(summary)),
        *(["energy (mJ)"] if _energy(summary) else []),
        "test images (%)",
        "over a budget",
        "in export/",
    ]


def pick_rows(summary: "ExportSummary") -> list[list[str]]:
    """The picked networks, the quickest first, and the reference below them, as text."""
    rows = sorted(summary.picks, key=_latency)
    found = [
        _row(summary, one.figures, one.id, ", ".join(one.asked), over_text(one), one.folder)
        for one in rows
    ]
    reference = summary.reference
    if reference is not None:
        name = f"reference: {reference.name}"
        found.append(_row(summary, reference, reference.id, name, "", "reference"))
    return found


def pick_sentences(summary: "ExportSummary") -> list[str]:
    """What stands below the table: budgets that are missed, doubts, verdicts."""
    found = []
    for one in summary.picks:
        found += [f"{one.id}: {text}" for text in one.over]
        found += [f"{one.id}: not known to be within its budget: {text}" for text in one.doubtful]
        if one.verdict and one.folder == one.id:  # that of the winner stands with its figures
            found.append(f"{one.id}: {one.verdict}")
    return found


def over_text(one: "Picked") -> str:
    """The budgets that a network is over, in a word each; "no" for none."""
    over = [text.split(" ", 1)[0] for text in one.over]
    return ", ".join(over) or ("not known" if one.doubtful else "no")


def _row(
    summary: "ExportSummary", one: "Figures", name: str, what: str, over: str, folder: str
) -> list[str]:
    further = (one.further.get(device) for device in _further(summary))
    return [
        name,
        what,
        number(one.measured_ms, "{:.4g}"),
        number(one.predicted_ms, "{:.4g}"),
        *(number(on.measured_ms if on else None, "{:.4g}") for on in further),
        *([number(one.measured_mj, "{:.4g}")] if _energy(summary) else []),
        f"{one.accuracy:.2f} ({interval_text(one.accuracy_interval)})",
        over,
        folder,
    ]


def _latency(one: "Picked") -> float:
    figures = one.figures
    return figures.measured_ms or figures.predicted_ms or 0.0


def _further(summary: "ExportSummary") -> list[str]:
    return list(dict.fromkeys(name for one in summary.picks for name in one.figures.further))


def _energy(summary: "ExportSummary") -> bool:
    return "energy" in summary.budgets
