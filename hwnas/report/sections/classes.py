"""Accuracy by class, what is taken for what, and images that went wrong."""

import numpy as np

from hwnas.objectives.statistics.intervals import interval_text, wilson
from hwnas.report.class_results import ClassResults
from hwnas.report.content import ReportContent
from hwnas.report.html import details, paragraphs, section, table, text

# A larger matrix is not read by anybody: the most frequent mistakes are listed then.
_MATRIX = 24
_LISTED = 20


def classes_section(content: ReportContent) -> str:
    """How the winner answers on the test images; "" where that is not known."""
    found = content.classes
    if found is None:
        return ""
    mistaken = _matrix(found) if len(found.names) <= _MATRIX else _confusions(found)
    both = f"<div class='pair'><div>{_bars(found)}</div><div>{mistaken}</div></div>"
    parts = [both, _wrong(found)]
    note = "Of the exported file in its own precision, on the test images."
    return section("classes", "Accuracy by class", *parts, note=note)


def _bars(found: ClassResults) -> str:
    totals, right = found.counts.sum(axis=1), found.counts.diagonal()
    order = np.argsort(right / np.maximum(totals, 1), kind="stable")
    rows = []
    for index in (int(one) for one in order if totals[one]):
        accuracy, images = 100 * float(right[index] / totals[index]), int(totals[index])
        low, high = wilson(accuracy, images)
        tip = f"{found.names[index]}: {accuracy:.1f} %, 95 % interval {low:.1f} to {high:.1f}"
        rows.append(
            f"<div title='{text(tip)}'><span>{text(found.names[index])}</span>"
            f"<span class='meter'><i style='width:{accuracy:.1f}%'></i></span>"
            f"<span class='number'>{accuracy:.0f} % ({interval_text((low, high))})</span></div>"
        )
    shown = f"<div class='class-bars'>{''.join(rows[:_MATRIX])}</div>"
    if len(rows) > _MATRIX:
        rest = f"<div class='class-bars'>{''.join(rows[_MATRIX:])}</div>"
        shown += details(f"The other {len(rows) - _MATRIX} classes", rest)
    return shown


def _matrix(found: ClassResults) -> str:
    totals = np.maximum(found.counts.sum(axis=1), 1)
    head = "".join(f"<th scope='col' title='{text(n)}'>{text(n)}</th>" for n in found.names)
    rows = []
    for label, name in enumerate(found.names):
        cells = []
        for answer, other in enumerate(found.names):
            count = int(found.counts[label, answer])
            share = count / totals[label]
            tone = "--plus" if label == answer else "--minus"
            alpha = 0.06 + 0.74 * share if count else 0.0
            css = f" style='--cell:rgba(var({tone}),{alpha:.2f})'" if count else ""
            said = "right" if label == answer else f"taken for {other}"
            tip = f"{name}, {said}: {count} of {totals[label]} images ({share:.0%})"
            cells.append(f"<td{css} data-tip='{text(tip)}'>{count or ''}</td>")
        rows.append(
            f"<tr><th scope='row' title='{text(name)}'>{text(name)}</th>{''.join(cells)}</tr>"
        )
    return (
        "<h3>Confusion matrix</h3><p class='note'>A row a class, a column what the images of it "
        "were taken for.</p>"
        "<div class='scroll' role='region' tabindex='0' aria-label='confusion matrix'>"
        f"<table class='heat matrix' data-cell-tips><thead><tr><td></td>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _confusions(found: ClassResults) -> str:
    wrong = found.counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:_LISTED]
    pairs = [divmod(int(place), len(found.names)) for place in order]
    rows = [
        [found.names[label], found.names[answer], f"{int(wrong[label, answer]):,}"]
        for label, answer in pairs
        if wrong[label, answer]
    ]
    if not rows:
        return ""
    header = ["class", "taken for", "images"]
    return "<h3>What is confused most</h3>" + table(header, rows, "confusions")


def _wrong(found: ClassResults) -> str:
    if not found.wrong:
        return paragraphs(["No test image went wrong."], "note")
    photo = " class='photo'" if found.resolution > 64 else ""
    items = []
    for index, one in enumerate(found.wrong):
        label, answer = found.names[one.label], found.names[one.answer]
        said = f"{label}, taken for {answer}"
        picture = ""
        if found.pictures:
            picture = f"<img{photo} src='{found.pictures[index]}' alt='{text(said)}'>"
        sure = f"<span class='note'>{one.confidence:.0%} sure</span>"
        items.append(
            f"<li>{picture}<b>{text(label)}</b> taken for <b>{text(answer)}</b><br>{sure}</li>"
        )
    missing = paragraphs([found.missing], "note") if found.missing else ""
    return f"<h3>Surest mistakes</h3>{missing}<ul class='wrong'>{''.join(items)}</ul>"
