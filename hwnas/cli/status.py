"""`hwnas status`: how far the search of a run is, from another terminal."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hwnas.cli import options
from hwnas.cli.output import Output
from hwnas.cli.progress_lines import duration
from hwnas.core.foreign_text import shown_lines

if TYPE_CHECKING:
    from hwnas.runs.listing import ListedRun
    from hwnas.runs.search_state import SearchState

_EVERY_S = 1.0

Run = Annotated[Path, typer.Argument(help="The folder of the run, as in runs/mine.")]
Watch = Annotated[
    bool,
    typer.Option("--watch", help="Look again every second, until the search has ended."),
]


def status(run: Run, watch: Watch = False, as_json: options.Json = False) -> None:
    """Show how far a search is: evaluations, how many an hour, the best so far, time left.

    It reads what the search writes when networks have been judged, once a second at most, and may
    run on any machine that sees the folder. With --watch it can be left running.
    """
    output = Output(as_json)
    if watch and not as_json:
        _watch(run)
        return
    listed, state = _look(run)
    for line in _lines(listed, state):
        output.line(line)
    output.document(_document(listed, state))


def _look(run: Path) -> "tuple[ListedRun, SearchState | None]":
    from hwnas.runs.listing import listed_run
    from hwnas.runs.search_state import read_state

    return listed_run(run), read_state(run)


def _watch(run: Path) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(highlight=False)
    listed, state = _look(run)
    with Live(console=console, auto_refresh=False) as live:
        while True:
            live.update(Text(shown_lines("\n".join(_lines(listed, state)))), refresh=True)
            if state is None or not listed.in_use:
                return
            time.sleep(_EVERY_S)
            listed, state = _look(run)


def _lines(listed: "ListedRun", state: "SearchState | None") -> list[str]:
    if listed.problem:
        return [f"{listed.folder}: damaged: {listed.problem}"]
    if state is None:
        return [f"{listed.folder}: {listed.state}; no search is under way"]
    ago = duration(max(0.0, time.time() - state.written))
    if listed.in_use:
        lines = [f"{listed.folder}: searching for {duration(state.seconds)}, as of {ago} ago"]
    else:
        lines = [f"{listed.folder}: the search stopped {ago} ago; run it again to resume"]
    lines += [f"  {one.name}: {one.done:,} of {one.limit:,} networks" for one in state.searchers]
    lines.append(f"  {_speed(state, left=listed.in_use)}")
    if state.best is not None and state.best_cost is not None:
        lines.append(f"  best so far: {state.score} {state.best:.6g} at {state.best_cost:.4g} ms")
    if state.stopped:
        lines.append(f"  {state.stopped:,} trainings stopped early")
    if state.failed:
        lines.append(f"  {state.failed:,} evaluations failed")
    for worker in state.workers:
        at = f"{worker.at}, for {duration(worker.seconds)}" if worker.at else "waits"
        lines.append(f"  {worker.name} on {worker.host}: {at}")
    return lines


def _speed(state: "SearchState", *, left: bool) -> str:
    if state.per_hour is None or state.seconds_left is None:
        return "nothing evaluated yet"
    text = f"{state.evaluated:,} evaluated, {state.per_hour:,.0f} an hour"
    return f"{text}, at most {duration(state.seconds_left)} left" if left else text


def _document(listed: "ListedRun", state: "SearchState | None") -> dict[str, Any]:
    search = None if state is None else state.to_dict()
    return listed.to_dict() | {"searching": listed.in_use, "search": search}
