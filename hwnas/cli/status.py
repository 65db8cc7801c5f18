"""`hwnas status`: how far the search of a run is, from another terminal."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hwnas.cli import options
from hwnas.cli.output import Output
from hwnas.core.durations import duration
from hwnas.core.foreign_text import shown_lines

if TYPE_CHECKING:
    from hwnas.runs.listing import ListedRun
    from hwnas.runs.search_state import SearchState

_EVERY_S = 1.0
# Where that goes into a file, it stays readable after hours.
_LINES_EVERY_S = 30.0
# A search writes its state every second; an older one was left behind, or is of a frozen process.
_OLD_S = 30.0

Run = Annotated[Path, typer.Argument(help="The folder of the run, as in runs/mine.")]
Watch = Annotated[
    bool,
    typer.Option(
        "--watch",
        help="Look again every second, until no command uses the run; with --json a document a "
        "line.",
    ),
]


def status(run: Run, watch: Watch = False, as_json: options.Json = False) -> None:
    """Show how far a search is: evaluations, how many an hour, the best so far, time left.

    It reads what the search writes every second, and may run on any machine that sees the folder.
    With --watch it can be left running.
    """
    output = Output(as_json)
    if not watch:
        listed, state = _look(run)
        for line in _lines(listed, state):
            output.line(line)
        output.document(_document(listed, state))
    elif as_json:
        for listed, state in _looks(run):
            output.document_line(_document(listed, state))
    elif sys.stdout.isatty():
        _watch(run)
    else:
        _log(run, output)


def _look(run: Path) -> "tuple[ListedRun, SearchState | None]":
    from hwnas.runs.listing import listed_run
    from hwnas.runs.search_state import read_state

    listed = listed_run(run)  # first: a search that has ended since leaves no state
    return listed, read_state(run)


def _looks(run: Path) -> "Iterator[tuple[ListedRun, SearchState | None]]":
    """What there is to see every second; the last when no command uses the run any more."""
    while True:
        listed, state = _look(run)
        yield listed, state
        if not listed.in_use:
            return
        time.sleep(_EVERY_S)


def _watch(run: Path) -> None:
    """On a terminal, in one place of it."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(highlight=False), auto_refresh=False) as live:
        for listed, state in _looks(run):
            live.update(Text(shown_lines("\n".join(_lines(listed, state)))), refresh=True)


def _log(run: Path, output: Output) -> None:
    """Line after line, now and then and at the end."""
    said = -_LINES_EVERY_S
    for listed, state in _looks(run):
        if time.monotonic() - said >= _LINES_EVERY_S or not listed.in_use:
            said = time.monotonic()
            for line in _lines(listed, state):
                output.line(line)
            sys.stdout.flush()


def _lines(listed: "ListedRun", state: "SearchState | None") -> list[str]:
    from hwnas.runs.search_lines import search_lines

    if listed.problem:
        return [f"{listed.folder}: damaged: {listed.problem}"]
    if state is None and listed.in_use:
        waiting = "images or weights are being read, or another command is at work"
        return [f"{listed.folder}: in use; {waiting}"]
    if state is None:
        return [f"{listed.folder}: {listed.state}; no search is under way"]
    ago = max(0.0, time.time() - state.written)
    running = listed.in_use and ago < _OLD_S
    if running:
        first = f"searching for {duration(state.seconds)}, as of {duration(ago)} ago"
    elif listed.in_use:
        first = f"in use; the last word of its search is of {duration(ago)} ago"
    else:
        first = f"the search stopped {duration(ago)} ago; run it again to resume"
    lines = [f"{one.name}: {one.done:,} of {one.limit:,} networks" for one in state.searchers]
    lines += search_lines(state, running=running)
    return [f"{listed.folder}: {first}", *(f"  {line}" for line in lines)]


def _document(listed: "ListedRun", state: "SearchState | None") -> dict[str, Any]:
    search = None if state is None else state.to_dict()
    return listed.to_dict() | {"searching": _is_searching(listed, state), "search": search}


def _is_searching(listed: "ListedRun", state: "SearchState | None") -> bool:
    return listed.in_use and state is not None and time.time() - state.written < _OLD_S
