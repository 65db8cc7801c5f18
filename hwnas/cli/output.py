"""What a command prints: tables and progress for people, one JSON document for machines."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from hwnas.api.bars import bars
from hwnas.cli.column_widths import column_widths
from hwnas.cli.progress_lines import ProgressLines
from hwnas.cli.streams import is_unicode
from hwnas.core.foreign_text import shown, shown_lines
from hwnas.core.json_text import to_json
from hwnas.core.listener import Update

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# Of output that goes to a file or another program nothing is cut or broken.
_ENDLESS = 100_000


class Output:
    """Results on stdout, everything else on stderr; with `as_json` stdout holds one document.

    Whatever is shown may hold names and messages of strangers: control characters are escaped.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._warned: set[str] = set()

    @cached_property
    def stderr(self) -> "Console":
        """Where all but results goes."""
        return _console(stderr=True)

    @cached_property
    def _stdout(self) -> "Console":
        return _console(stderr=False)

    def say(self, text: str) -> None:
        """A line about what is happening, on stderr."""
        self.stderr.print(shown_lines(text), soft_wrap=True, markup=False)

    def warn(self, text: str) -> None:
        """The same as a warning, and once only, however many stages of a command find it."""
        if text not in self._warned:
            self._warned.add(text)
            self.say(f"warning: {text}")

    def table(self, title: str, columns: list[str], rows: list[list[str]]) -> None:
        """A table of results on stdout; not with --json.

        On a terminal that is too narrow for its columns each row becomes lines of its own.
        """
        if self.as_json:
            return
        columns = [shown(column) for column in columns]
        rows = [[shown_lines(cell) for cell in row] for row in rows]
        widths = column_widths(columns, rows, self._stdout.width)
        if widths is None:
            self._stacked(title, columns, rows)
        else:
            self._stdout.print(_table(title, columns, rows, widths))

    def line(self, text: str) -> None:
        """A line of results on stdout; not with --json."""
        if not self.as_json:
            sys.stdout.write(shown_lines(text) + "\n")

    def document(self, content: Any) -> None:
        """The one JSON document on stdout; only with --json."""
        if self.as_json:
            sys.stdout.write(to_json(content, ascii_only=not is_unicode(sys.stdout)) + "\n")

    def document_line(self, content: Any) -> None:
        """One of several documents on stdout, a line each, at once; only with --json."""
        if self.as_json:
            text = to_json(content, indent=None, ascii_only=not is_unicode(sys.stdout))
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    @contextmanager
    def progress(self, title: str, unit: str = "") -> Iterator[Update]:
        """A progress bar on stderr; when that is not a terminal, a line now and then.

        `unit` is what is counted, as in "steps".
        """
        with self.several(title, unit=unit) as (update,):
            yield update

    @contextmanager
    def several(self, *titles: str, unit: str = "") -> Iterator[Sequence[Update]]:
        """A progress bar a title, as `progress`; each may be updated by a thread of its own."""
        shown_titles = [shown(title) for title in titles]
        if not self.stderr.is_terminal:
            tasks = [ProgressLines(title, unit, self.say) for title in shown_titles]
            try:
                yield [task.update for task in tasks]
            except BaseException:
                for task in tasks:
                    task.stop()
                raise
            for task in tasks:
                task.end()
            return
        with bars(self.stderr, titles, unit) as updates:
            yield updates

    def _stacked(self, title: str, columns: list[str], rows: list[list[str]]) -> None:
        width = max(map(len, columns[1:]))
        self.line(title)
        for row in rows:
            self.line(f"  {columns[0]}: {row[0]}" if columns[0] else f"  {row[0]}")
            for column, cell in zip(columns[1:], row[1:], strict=True):
                self.line(f"    {column:<{width}}  {' / '.join(cell.splitlines())}")


def _table(title: str, columns: list[str], rows: list[list[str]], widths: list[int]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    # Text: paths and names of a person's files are not markup.
    table = Table(title=Text(shown(title)), title_justify="left")
    for index, (column, width) in enumerate(zip(columns, widths, strict=True)):
        justify: Literal["left", "right"] = "left" if index == 0 else "right"
        table.add_column(Text(column), justify=justify, overflow="fold", width=width)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console  # not needed where nothing but lines is printed

    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal:
        console.width = _ENDLESS
    elif console.width < 1:  # COLUMNS=0, as some programs that start others leave it
        console.width = shutil.get_terminal_size().columns
    return console


def counted(blocks: int, chains: int, networks: int) -> str:
    """How many graphs a latency table holds, in words; most tables have no chains."""
    inside = f", {chains} chains" if chains else ""
    return f"{blocks} blocks{inside} and {networks} networks"
