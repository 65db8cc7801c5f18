"""Fronts drawn; pictures as SVG files; matplotlib, which wants a folder for its settings."""

import atexit
import io
import os
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.core.files import may_be_written
from hwnas.core.foreign_text import shown
from hwnas.core.home import home
from hwnas.core.workspace import job_folder


@cache
def matplotlib() -> Any:
    """The module; to a user without a home folder it would speak of a temporary one."""
    found = home()
    if "MPLCONFIGDIR" not in os.environ and (found is None or not may_be_written(found)):
        folder = ExitStack()
        os.environ["MPLCONFIGDIR"] = str(folder.enter_context(job_folder()))
        atexit.register(folder.close)
    import matplotlib as mpl

    return mpl


def draw_front(
    axes: Any,
    costs: Sequence[float] | NDArray[np.float64],
    scores: Sequence[float] | NDArray[np.float64],
    *,
    knee: int | None,
    bound: float | None,
    points: str = "",
) -> None:
    """Draws a front as steps, its knee, and the budget on its cost.

    Args:
        axes: of matplotlib.
        costs: (N,) the smallest first.
        scores: (N,) theirs.
        knee: the index of that network; None for none.
        bound: the budget; None for none.
        points: matplotlib's marker of each network; "" for none.
    """
    style = f"{points}-"
    axes.step(costs, scores, style, where="post", color="black", linewidth=1.5, label="front")
    if knee is not None:
        axes.plot(costs[knee], scores[knee], "D", color="black", label="knee")
    if bound is not None:
        draw_budget(axes, bound, "budget")


def draw_budget(axes: Any, bound: float, label: str) -> None:
    """Draws the line of a budget, unless it is far beyond every network.

    It would squeeze them into a corner there.
    """
    if bound <= 2 * axes.dataLim.x1:
        axes.axvline(bound, color="crimson", linestyle="--", label=label)


def label_axes(axes: Any, cost: str, score: str, title: str = "") -> None:
    """Names the axes of a front, and draws grid and legend."""
    axes.set_xlabel(cost)
    axes.set_ylabel(score)
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")


_LONGEST = 100
"""Characters of one text of a picture."""


def svg(draw: Callable[[Any], Any], *, creator: str = "hwnas", font_size: int = 10) -> str:
    """An SVG file as text: letters stay letters, which the viewer draws in fonts that have them.

    Names of strangers are in it: nothing of them is a formula, and what breaks XML is escaped.

    Args:
        draw: makes a figure with matplotlib's `pyplot`.
        creator: is written into the file.
        font_size: in points.
    """
    mpl = matplotlib()
    mpl.use("svg")
    from matplotlib import pyplot
    from matplotlib.text import Text

    # Without a date, and with a salt of its own, equal runs give equal files.
    settings = {
        "svg.hashsalt": "hwnas",
        "svg.fonttype": "none",
        "text.parse_math": False,
        "font.size": font_size,
    }
    text = io.StringIO()
    with mpl.rc_context(settings), warnings.catch_warnings():
        # Letters that the one font at hand lacks are measured as boxes.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        figure = draw(pyplot)
        for one in figure.findobj(Text):
            one.set_text(shown(one.get_text(), longest=_LONGEST))
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": creator})
        pyplot.close(figure)
    return text.getvalue()
