"""The picture of a search space: its skeleton, and what each choice costs."""

from itertools import groupby
from typing import Any

from hwnas.report.drawing import svg
from hwnas.report.space_figures import Column, columns
from hwnas.spaces import Space
from hwnas.spaces.space import size_text

# Inches of a place, of which a space has a dozen to two hundred.
_PLACE, _LEAST, _MOST = 0.28, 7.2, 30.0


def space_svg(space: Space) -> str:
    """Above, channels and map size behind every block; below, the MACs of its choices."""
    places = columns(space)

    def drawn(pyplot: Any) -> Any:
        width = min(_MOST, max(_LEAST, _PLACE * len(places) + 1.5))
        figure, (shape, costs) = pyplot.subplots(
            2, 1, figsize=(width, 5.2), layout="constrained", sharex=True
        )
        for axes in (shape, costs):
            _shade(axes, places)
            axes.grid(axis="y", alpha=0.3)
        _draw_shape(shape, places)
        _draw_costs(costs, places)
        shape.set_title(
            f"{space.name} at {space.largest_resolution} px: {size_text(space.size)} networks"
        )
        return figure

    return svg(drawn, font_size=9)


def _draw_shape(axes: Any, places: list[Column]) -> None:
    known = [(x, one.channels) for x, one in enumerate(places) if one.channels is not None]
    axes.bar(*zip(*known, strict=True), color="steelblue", label="channels")
    axes.set_ylabel("channels")
    pixels = axes.twinx()
    pixels.step(range(len(places)), [one.pixels for one in places], where="mid", color="crimson")
    pixels.set_yscale("log", base=2)
    pixels.set_ylabel("map (pixels)", color="crimson")
    pixels.yaxis.set_major_formatter(lambda value, _: f"{value:g}")


def _draw_costs(axes: Any, places: list[Column]) -> None:
    for x, one in enumerate(places):
        macs = [each / 1e6 for each in one.macs]
        axes.vlines(x, min(macs), max(macs), color="gray", linewidth=1)
        axes.plot([x] * len(macs), macs, "_", color="black")
    axes.set_ylabel("MACs of a choice (M)")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("slot")
    axes.set_xticks(range(len(places)), [one.label for one in places], fontsize=7)


def _shade(axes: Any, places: list[Column]) -> None:
    """Every second stage has a ground of its own."""
    numbered = groupby(enumerate(places), key=lambda pair: pair[1].stage)
    for stage, group in numbered:
        if stage is not None and stage % 2:
            indices = [index for index, _ in group]
            axes.axvspan(indices[0] - 0.5, indices[-1] + 0.5, color="black", alpha=0.05)
