"""`hwnas runs`: the runs in a folder, how far each is, and what came of it."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hwnas.cli import options
from hwnas.cli.next_step import after_runs, show_next
from hwnas.cli.output import Output
from hwnas.core.durations import duration

if TYPE_CHECKING:
    from hwnas.runs.listing import ListedRun

_DAY = 86_400

Folder = Annotated[
    Path | None, typer.Argument(help="The folder that holds runs, or one run. (default: runs)")
]


def runs(folder: Folder = None, as_json: options.Json = False) -> None:
    """List the runs in a folder: state, budgets, accuracy, milliseconds, age, images, device.

    Accuracy and latency are those of the exported winner: on the test images, and measured. The
    newest run comes first; a damaged one is a row that says what is wrong.
    """
    from hwnas.runs.listing import list_runs

    output = Output(as_json)
    place = folder or Path("runs")
    found = list_runs(place) if folder is not None or place.exists() else []
    if not found:
        output.say(f"no runs in {place}; 'hwnas quickstart' makes one")
    else:
        columns = ["run", "state", "budgets", "accuracy", "ms", "age", "images", "device"]
        output.table(f"runs in {place}", columns, [_cells(run) for run in found])
    for run in found:
        if run.problem:
            output.warn(f"{run.folder} is damaged: {run.problem}")
    output.document({"runs": [run.to_dict() for run in found]})
    show_next(output, after_runs(found))


def _cells(run: "ListedRun") -> list[str]:
    return [
        str(run.folder),
        run.state,
        ", ".join(f"{name}={text}" for name, text in run.budgets.items()) or "–",
        "–" if run.accuracy is None else f"{run.accuracy:.2f} %",
        "–" if run.measured_ms is None else f"{run.measured_ms:.4g}",
        _age(time.time() - run.changed),
        run.images or "–",
        run.device or "–",
    ]


def _age(seconds: float) -> str:
    return f"{seconds / _DAY:.0f} days" if seconds > 2 * _DAY else duration(max(seconds, 0.0))
