"""What a program or a notebook is told of long work: bars and sentences, or nothing."""

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from typing_extensions import override

from hwnas.api.bars import bars
from hwnas.core.foreign_text import shown_lines
from hwnas.core.listener import SILENT, Listener, Update


class _Wanted:
    """Whether progress is shown; None leaves it to where the program runs."""

    progress: bool | None = None


def show_progress(wanted: bool | None = None) -> None:
    """Says whether progress bars, and sentences on what is happening, are shown.

    Args:
        wanted: True always, False never; None (as it is at first) in a terminal, and
            in a notebook that has ipywidgets.
    """
    _Wanted.progress = wanted


class PythonListener(Listener):
    """The listener of programs and notebooks; what a person should look at is a Python warning."""

    @override
    def say(self, text: str) -> None:
        if is_shown():
            from rich.console import Console

            Console(highlight=False).print(shown_lines(text), soft_wrap=True, markup=False)

    @override
    def warn(self, text: str) -> None:
        warnings.warn(text.removeprefix("warning: "), stacklevel=2)

    @override
    @contextmanager
    def progress(self, title: str, unit: str = "") -> Iterator[Update]:
        with self.several(title, unit=unit) as (update,):
            yield update

    @override
    @contextmanager
    def several(self, *titles: str, unit: str = "") -> Iterator[Sequence[Update]]:
        context: Any = bars(None, titles, unit) if is_shown() else SILENT.several(*titles)
        with context as updates:
            yield updates


def is_shown() -> bool:
    """Whether progress is shown here and now."""
    if _Wanted.progress is not None:
        return _Wanted.progress
    # Without ipywidgets rich warns in a notebook instead of drawing bars.
    return sys.stdout.isatty() or (_in_notebook() and find_spec("ipywidgets") is not None)


def _in_notebook() -> bool:
    # A kernel of Jupyter has loaded IPython; whoever has not is in no notebook.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"
