"""Heat maps of values of choices: an HTML table, for the page of a run and for notebooks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.foreign_text import html_text as text
from hwnas.estimators.choice_values import ChoiceValues

# Digits of the largest value; and decimals of small ones, at most.
_DIGITS, _DECIMALS = 3, 12
_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e4, "K"))
_STRONGEST = 0.75  # of a colour: text is read on it
_STYLE = (
    "<style>.hwnas-values{--plus:10,102,194;--minus:200,84,24;overflow-x:auto}"
    ".hwnas-values table{border-collapse:separate;border-spacing:2px;font-size:.8em}"
    ".hwnas-values td{background:var(--cell,transparent);border-radius:4px;padding:.1em .5em;"
    "text-align:center;white-space:nowrap}.hwnas-values td.won{outline:2px solid currentColor}"
    ".hwnas-values td.none{opacity:.5}.hwnas-values small{display:block;opacity:.7}</style>"
)


@dataclass(frozen=True)
class Scale:
    """How values are written and coloured.

    Attributes:
        most: the value of the strongest colour.
        divisor: what values are divided by before they are written.
        prefix: of the unit, for that: "", "K", "M" or "G".
        decimals: of a number.
    """

    most: float
    divisor: float
    prefix: str
    decimals: int

    @classmethod
    def of(cls, values: Sequence[NDArray[Any]]) -> "Scale":
        """One that holds for all of some arrays."""
        most = max((float(np.abs(one).max(initial=0.0)) for one in values), default=0.0) or 1.0
        divisor, prefix = next((one for one in _PREFIXES if most >= one[0]), (1.0, ""))
        if prefix == "K":
            divisor = 1e3
        whole = math.floor(math.log10(most / divisor)) + 1
        return cls(most, divisor, prefix, min(_DECIMALS, max(0, _DIGITS - whole)))

    def number(self, value: float) -> str:
        """As it is written, with its sign."""
        rounded = round(value / self.divisor, self.decimals) + 0.0  # and no -0
        return f"{rounded:+.{self.decimals}f}"

    def unit(self, unit: str) -> str:
        """What stands behind a number: the prefix and the unit; "" without either."""
        return f"{self.prefix} {'points' if unit == '%' else unit}".strip()


def scale_of(found: ChoiceValues) -> Scale:
    """The scale of values and of all their history: colours are comparable over time."""
    return Scale.of([*found.centred, *centred_history(found)])


def centred_history(found: ChoiceValues) -> list[NDArray[np.float64]]:
    """M arrays (T,): the values at each moment beside the mean of their slot."""
    if found.history is None:
        return []
    every = [found.at(index) for index in range(len(found.history.moments))]
    return [np.concatenate(one.centred) for one in every]


def heat_table(found: ChoiceValues, scale: Scale, attributes: str = "") -> str:
    """The table: a row a slot, a cell a choice, in the order of `FlatChoices`.

    Args:
        found: what is drawn.
        scale: of its values.
        attributes: further ones of the table, as HTML.
    """
    rows = []
    for slot, values in enumerate(found.centred):
        cells = (
            _cell(found, scale, slot, choice, value) for choice, value in enumerate(values.tolist())
        )
        rows.append(f"<tr><th scope='row'>{text(found.slots[slot])}</th>{''.join(cells)}</tr>")
    css = f"class='heat values' data-cell-tips{attributes and f' {attributes}'}"
    return f"<table {css}><tbody>{''.join(rows)}</tbody></table>"


def _cell(found: ChoiceValues, scale: Scale, slot: int, choice: int, value: float) -> str:
    name, seen = found.choices[slot][choice], None
    if found.seen:
        seen = int(found.seen[slot][choice])
    css = ["won"] if found.chosen and found.chosen[slot] == choice else []
    css += ["none"] if seen == 0 else []
    tone, strength = ("--plus" if value > 0 else "--minus"), _STRONGEST * abs(value) / scale.most
    style = "" if seen == 0 else f" style='--cell:rgba(var({tone}),{strength:.2f})'"
    label, number = f"{found.slots[slot]}: {name}", scale.number(value)
    unit = scale.unit(found.unit)
    tip = f"{label}\n{number}{unit and f' {unit}'}"
    tip += "" if seen is None else f", in {seen:,} judged networks"
    marked = f" class='{' '.join(css)}'" if css else ""
    named = "" if found.history is None else f" data-name='{text(label)}'"
    return (
        f"<td{marked}{style}{named} data-tip='{text(tip)}'>"
        f"<span>{'–' if seen == 0 else number}</span><small>{text(name)}</small></td>"
    )


def notes_of(found: ChoiceValues, scale: Scale) -> list[str]:
    """Sentences below the heading: what the values are, and what is marked."""
    notes, unit = [*found.notes], scale.unit(found.unit)
    notes.append(f"Values are {f'in {unit}, ' if unit else ''}beside the mean of the slot.")
    if found.chosen:
        notes.append(f"{found.framed[:1].upper()}{found.framed[1:]} is framed.")
    if any((one == 0).any() for one in found.seen):
        notes.append("A hatched choice was not judged.")
    return notes


def notebook_map(found: ChoiceValues) -> str:
    """The heat map with its title and its notes; all texts are escaped."""
    scale = scale_of(found)
    said = [f"<b>{text(found.title)}</b>", *map(text, notes_of(found, scale))]
    lines = "".join(f"<p>{one}</p>" for one in said)
    return f"<div class='hwnas-values'>{_STYLE}{lines}{heat_table(found, scale)}</div>"
