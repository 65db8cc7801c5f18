"""What each choice of each slot is worth, and where accuracies come from."""

import numpy as np

from hwnas.estimators.choice_values import ChoiceValues
from hwnas.estimators.heat_map import Scale, centred_history, heat_table, notes_of, scale_of
from hwnas.report.content import ReportContent
from hwnas.report.html import as_data, paragraphs, section, table, text
from hwnas.report.rows import PREDICTOR_HEADER, predictor_rows
from hwnas.runs.search_stage import scores_text


def values_section(content: ReportContent) -> str:
    """Heat maps of slots and choices; "" of a run that knows no values."""
    if content.values is None or not (content.values.maps or content.values.missing):
        return ""
    maps, missing = content.values.maps, content.values.missing
    parts = [_map(number, one) for number, one in enumerate(maps)]
    if missing:
        parts.append(paragraphs([f"What drew the supernet's paths is not shown: {missing}."]))
    return section("values", maps[0].title if maps else "What each choice is worth", *parts)


def _map(number: int, found: ChoiceValues) -> str:
    """A heat map with its notes, and a slider where values have a history."""
    scale = scale_of(found)
    heading = f"<h3>{text(found.title)}</h3>" if number else ""
    notes = paragraphs([" ".join(notes_of(found, scale))], "note")
    name = f"values-map-{number}"
    inner = heat_table(found, scale, f"id='{name}'")
    region = f"<div class='scroll' role='region' tabindex='0' aria-label='{text(found.title)}'>"
    return f"{heading}{notes}{_slider(name, found, scale)}{region}{inner}</div>"


def _slider(name: str, found: ChoiceValues, scale: Scale) -> str:
    """Moves through the moments of a history; hidden where no script runs."""
    if found.history is None or len(found.history.moments) < 2:
        return ""
    numbers = 10**scale.decimals / scale.divisor
    last = len(found.history.moments) - 1
    moments = [found.moment.format(f"{one:,}") for one in found.history.moments.tolist()]
    data = {
        "moments": moments,
        # As they are written, without the point: few characters.
        "values": [
            list(map(int, np.round(row * numbers).tolist())) for row in centred_history(found)
        ],
        "decimals": scale.decimals,
        "most": scale.most * numbers,
        "unit": scale.unit(found.unit),
    }
    return (
        f"<p class='moments no-print' hidden><input type='range' min='0' max='{last}' "
        f"value='{last}' aria-label='{text(found.title)}, over time' data-map='{name}'>"
        f"<output>{text(moments[-1])}</output></p>{as_data(f'{name}-history', data)}"
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
