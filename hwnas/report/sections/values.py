"""What each choice of each slot is worth, and where accuracies come from."""

import numpy as np

from hwnas.report.content import ReportContent
from hwnas.report.html import paragraphs, section, table, text
from hwnas.report.rows import PREDICTOR_HEADER, predictor_rows
from hwnas.report.values import ChoiceValues
from hwnas.runs.search_stage import scores_text


def values_section(content: ReportContent) -> str:
    """A heat map of slots and choices; "" of a run that judged too few networks."""
    if content.values is None:
        return ""
    found, unit = content.values, content.score_info.unit
    note = (
        f"A sum of one value a choice, fitted to {found.networks:,} judged networks; it explains "
        f"{found.explained:.0%} of the differences between their scores. Values are in "
        f"{'points' if unit == '%' else unit}, beside the mean of the slot. The best network of "
        "the front is framed, and a hatched choice was not judged."
    )
    return section("values", "What each choice is worth", _heat(found), note=note)


def _heat(found: ChoiceValues) -> str:
    most = max((float(np.abs(one).max(initial=0.0)) for one in found.values), default=0.0) or 1.0
    digits = 2 if most < 20 else 1
    rows = []
    for slot, names in enumerate(found.choices):
        cells = []
        for choice, name in enumerate(names):
            value, seen = float(found.values[slot][choice]), int(found.seen[slot][choice])
            css = " won" if found.chosen[slot] == choice else ""
            tone = "--plus" if value > 0 else "--minus"
            style = f" style='--cell:rgba(var({tone}),{0.75 * abs(value) / most:.2f})'"
            if not seen:
                css, style = css + " none", ""
            tip = f"{found.slots[slot]}: {name}\n{value:+.4g}, in {seen:,} judged networks"
            number = f"{value:+.{digits}f}" if seen else "–"
            cells.append(
                f"<td class='{css.strip()}'{style} data-tip='{text(tip)}'>{number}"
                f"<small>{text(name)}</small></td>"
            )
        rows.append(f"<tr><th scope='row'>{text(found.slots[slot])}</th>{''.join(cells)}</tr>")
    return (
        "<div class='scroll' role='region' tabindex='0' aria-label='values of choices'>"
        f"<table class='heat values' data-cell-tips><tbody>{''.join(rows)}</tbody></table></div>"
    )


def scores_section(content: ReportContent) -> str:
    """Where accuracies were read, and how right predicted ones are; "" where they were judged."""
    info = content.score_info
    if info.file is None:
        return ""
    parts = [paragraphs([scores_text(info)])]
    if info.errors:
        parts.append(table(PREDICTOR_HEADER, predictor_rows(info), "errors of the predictor"))
    return section("scores", "Where the accuracies come from", *parts)
