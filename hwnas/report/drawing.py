"""Pictures as SVG files, and the library that draws them, which wants a folder for its settings."""

import atexit
import io
import os
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from typing import Any

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
