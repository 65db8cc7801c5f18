"""Progress bars by rich, for terminals and notebooks alike."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from typing_extensions import override

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
    from rich.console import RenderableType
    from rich.text import Text

    class Bars(progress.Progress):
        """Bars, with lines below each that has some."""

        @override
        def get_renderables(self) -> Iterable[RenderableType]:
            yield from super().get_renderables()
            for line in (one for task in self.tasks for one in task.fields["below"]):
                yield Text(f"  {line}", no_wrap=True, overflow="ellipsis")

    bar = Bars(
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn(unit, markup=False),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[note]}", markup=False),
        console=console,
    )

    def update(
        task: progress.TaskID,
        done: int,
        total: int,
        note: str = "",
        below: Sequence[str] = (),
    ) -> None:
        lines = tuple(map(shown, below))
        bar.update(task, completed=done, total=total, note=shown(note), below=lines)

    with bar:
        tasks = [bar.add_task(shown(title), total=None, note="", below=()) for title in titles]
        yield [partial(update, task) for task in tasks]
        for task in bar.tasks:
            if unit and task.total is None:  # nothing was left to do
                bar.update(task.id, visible=False)
