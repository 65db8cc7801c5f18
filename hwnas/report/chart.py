"""Charts of the page: SVG that stretches with its place, while text and dots keep their size.

The data lies in a square of 10,000 by 10,000 that is stretched over the plot; lines and dots are
strokes that are not scaled, and the numbers at the axes are ordinary text at percentages. So a
chart needs no script to fit a phone, a screen or a sheet of paper.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hwnas.report.html import text

_SIZE = 10_000
_TICKS = 6
_MARGIN = 0.05


@dataclass(frozen=True)
class Axis:
    """A range of numbers with a label.

    Attributes:
        low, high: its ends.
        ticks: the numbers that are written at it.
        label: what it is of, with the unit.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    label: str

    def share(self, value: float) -> float:
        """Where a value is, from 0 at the low end to 1 at the high one."""
        return (value - self.low) / (self.high - self.low)

    def text(self, value: float) -> str:
        """A number as it is written at a tick."""
        step = self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else 1.0
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        rest = step * 10**digits
        return f"{value:,.{digits + (abs(rest - round(rest)) > 1e-6)}f}"


def axis(values: Iterable[float], label: str) -> Axis:
    """An axis on which all of some values lie, with a margin.

    Args:
        values: finite; none give an axis from 0 to 1.
        label: what it is of.
    """
    every = list(values) or [0.0, 1.0]
    low, high = min(every), max(every)
    room = _MARGIN * (high - low) or 0.05 * abs(high) or 1.0
    low, high = low - room, high + room
    step = _nice((high - low) / _TICKS)
    first = math.ceil(low / step)
    count = math.floor(high / step) - first + 1
    return Axis(low, high, tuple((first + i) * step for i in range(max(count, 0))), label)


def _nice(step: float) -> float:
    size = 10.0 ** math.floor(math.log10(step))
    return next((one * size for one in (1, 2, 2.5, 5) if one * size >= step), 10 * size)


Points = Sequence[tuple[float, float]]


@dataclass
class Chart:
    """A chart that grows part by part; `html` is the whole.

    Attributes:
        name: its id in the page.
        says: what a screen reader says in its place.
        x, y: the axes.
        attributes: of the plot's element, as HTML.
        tips: what the pointer is told beside a point: (x, y, text).
    """

    name: str
    says: str
    x: Axis
    y: Axis
    attributes: str = ""
    tips: list[tuple[float, float, str]] = field(default_factory=list)
    _marks: list[str] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)

    def dots(self, points: Points, css: str, attributes: str = "") -> None:
        """Round dots of a size that the style sheet knows."""
        path = "".join(f"M{self._place(x, y)}h0" for x, y in points)
        self._add(f"<path class='dots {css}' {attributes} d='{path}'/>")

    def line(self, points: Points, css: str, attributes: str = "", *, steps: bool = False) -> None:
        """A line; as steps it keeps its height until the next point."""
        if points:
            way = self._along(points, steps)
            self._add(f"<path class='line {css}' {attributes} d='M{way}'/>")

    def band(self, low: Points, high: Points) -> None:
        """The area between two lines of steps."""
        if low:
            there, back = self._corners(high), self._corners(low)[::-1]
            path = "L".join(self._place(x, y) for x, y in [*there, *back])
            self._add(f"<path class='band' d='M{path}Z'/>")

    def rule(self, value: float, label: str = "", *, css: str = "", across: bool = False) -> None:
        """A line over the whole plot at a value of the x-axis; of the y-axis when `across`."""
        if across:
            y = self._y(value)
            self._add(f"<path class='rule {css}' d='M0 {y}H{_SIZE}'/>")
            return
        x = self._x(value)
        self._add(f"<path class='rule {css}' d='M{x} 0V{_SIZE}'/>")
        if label:
            share = self.x.share(value)
            side = " left" if share > 0.75 else ""
            self._texts.append(
                f"<span class='rule-label{side}' style='left:{100 * share:.2f}%'>"
                f"{text(label)}</span>"
            )

    def mark(self, x: float, y: float, css: str, label: str = "") -> None:
        """A sign above all dots, with a label beside it; none outside of the axes."""
        if not (0 <= self.x.share(x) <= 1 and 0 <= self.y.share(y) <= 1):
            return
        left, top = 100 * self.x.share(x), 100 * (1 - self.y.share(y))
        side = " class='left'" if left > 75 else ""
        named = f"<span{side}>{text(label)}</span>" if label else ""
        self._texts.append(
            f"<span class='mark {css}' style='left:{left:.2f}%;top:{top:.2f}%'>{named}</span>"
        )

    @property
    def html(self) -> str:
        """The chart as HTML."""
        grid = [f"M{self._x(x)} 0V{_SIZE}" for x in self.x.ticks]
        grid += [f"M0 {self._y(y)}H{_SIZE}" for y in self.y.ticks]
        ticks = [
            f"<span class='tick x' style='left:{100 * self.x.share(x):.2f}%'>"
            f"{self.x.text(x)}</span>"
            for x in self.x.ticks
        ]
        ticks += [
            f"<span class='tick y' style='bottom:{100 * self.y.share(y):.2f}%'>"
            f"{self.y.text(y)}</span>"
            for y in self.y.ticks
        ]
        known = self.attributes or f"role='img' aria-label='{text(self.says)}'"
        tips = "".join(
            f"<i data-x='{self.x.share(x):.4f}' data-y='{self.y.share(y):.4f}'"
            f" data-tip='{text(tip)}'></i>"
            for x, y, tip in self.tips
        )
        return (
            f"<div class='chart' id='{self.name}'><span class='label y'>{text(self.y.label)}</span>"
            f"<div class='plot' {known}>"
            f"<svg viewBox='0 0 {_SIZE} {_SIZE}' preserveAspectRatio='none' aria-hidden='true'>"
            f"<path class='grid' d='{''.join(grid)}'/>{''.join(self._marks)}</svg>"
            f"<div class='ticks' aria-hidden='true'>{''.join(ticks)}{''.join(self._texts)}</div>"
            f"<div class='tips' hidden>{tips}</div></div>"
            f"<span class='label x'>{text(self.x.label)}</span></div>"
        )

    def _add(self, mark: str) -> None:
        self._marks.append(mark)

    def _x(self, value: float) -> int:
        return round(_SIZE * self.x.share(value))

    def _y(self, value: float) -> int:
        return round(_SIZE * (1 - self.y.share(value)))

    def _place(self, x: float, y: float) -> str:
        return f"{self._x(x)} {self._y(y)}"

    def _along(self, points: Points, steps: bool) -> str:
        first, *others = points
        if not steps:
            return "L".join(self._place(x, y) for x, y in points)
        return self._place(*first) + "".join(f"H{self._x(x)}V{self._y(y)}" for x, y in others)

    @staticmethod
    def _corners(points: Points) -> list[tuple[float, float]]:
        corners = [points[0]]
        for x, y in points[1:]:
            corners += [(x, corners[-1][1]), (x, y)]
        return corners
