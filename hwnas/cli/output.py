"""What a verb prints: tables and progress for people, one JSON document for machines."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

Update = Callable[..., None]
"""update(done, total, note="")"""


class Output:
    """Results on stdout, everything else on stderr; with `as_json` stdout holds one document."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.stderr = _console(stderr=True)
        self._stdout = _console(stderr=False)

    def say(self, text: str) -> None:
        """A line about what is happening, on stderr."""
        self.stderr.print(text, soft_wrap=True, markup=False)

    def table(self, title: str, columns: list[str], rows: list[list[str]]) -> None:
        """A table of results on stdout; not with --json."""
        if self.as_json:
            return
        from rich.table import Table
        from rich.text import Text

        # Text: paths and names of a person's files are not markup.
        table = Table(title=Text(title), title_justify="left")
        for index, column in enumerate(columns):
            words = [word for row in rows for word in row[index].split()]
            words += [word for word in column.split() if len(word) <= 12]
            longest = max(map(len, words), default=0)
            table.add_column(
                column,
                justify="left" if index == 0 else "right",
                overflow="fold",
                # Where it is narrow, lines break between words; only paths and blocks are folded.
                min_width=longest if longest <= 40 else None,
            )
        for row in rows:
            table.add_row(*map(Text, row))
        self._stdout.print(table)

    def line(self, text: str) -> None:
        """A line of results on stdout; not with --json."""
        if not self.as_json:
            self._stdout.print(text, soft_wrap=True, markup=False)

    def document(self, content: Any) -> None:
        """The one JSON document on stdout; only with --json."""
        if self.as_json:
            sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")

    @contextmanager
    def progress(self, title: str) -> Iterator[Update]:
        """A progress bar on stderr; when that is no terminal, a line at the start and the end."""
        with self.several(title) as (update,):
            yield update

    @contextmanager
    def several(self, *titles: str) -> Iterator[list[Update]]:
        """A progress bar a title, as `progress`; each may be updated by a thread of its own."""
        if not self.stderr.is_terminal:
            last = dict.fromkeys(titles, (0, 0, ""))

            def note(title: str, done: int, total: int, text: str = "") -> None:
                last[title] = (done, total, text)

            for title in titles:
                self.say(f"{title} …")
            yield [partial(note, title) for title in titles]
            for title, (done, total, text) in last.items():
                if total:
                    self.say(f"{title}: {done} of {total} {text}".rstrip())
            return
        from rich import progress

        bar = progress.Progress(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
            progress.TextColumn("{task.fields[note]}", markup=False),
            console=self.stderr,
        )

        def update(task: progress.TaskID, done: int, total: int, text: str = "") -> None:
            bar.update(task, completed=done, total=total, note=text)

        with bar:
            tasks = [bar.add_task(title, total=None, note="") for title in titles]
            yield [partial(update, task) for task in tasks]


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console  # not needed by --help, which must be quick

    return Console(stderr=stderr, highlight=False)


def counted(blocks: int, chains: int, networks: int) -> str:
    """How many graphs a latency table holds, in words; most tables have no chains."""
    inside = f", {chains} chains" if chains else ""
    return f"{blocks} blocks{inside} and {networks} networks"
