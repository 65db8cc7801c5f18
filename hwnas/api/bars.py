"""Progress bars by rich, for terminals and notebooks alike."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from hwnas.core.foreign_text import shown
from hwnas.core.listener import Update

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def bars(console: "Console | None", titles: Sequence[str], unit: str) -> Iterator[list[Update]]:
    """A bar a title, while the context lasts; each may be updated by a thread of its own.

    Args:
        console: where; None for rich's own, which knows a notebook from a terminal.
        titles: may hold names of strangers.
        unit: what is counted, as in "steps".
    """
    from rich import progress

    bar = progress.Progress(
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn(unit, markup=False),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[note]}", markup=False),
        console=console,
    )

    def update(task: progress.TaskID, done: int, total: int, note: str = "") -> None:
        bar.update(task, completed=done, total=total, note=shown(note))

    with bar:
        tasks = [bar.add_task(shown(title), total=None, note="") for title in titles]
        yield [partial(update, task) for task in tasks]
        for task in bar.tasks:
            if unit and task.total is None:  # nothing was left to do
                bar.update(task.id, visible=False)
