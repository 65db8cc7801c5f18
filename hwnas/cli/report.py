"""`hwnas report`: a run as one HTML page and a picture; several runs side by side."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from devices.errors import RunError
from hwnas.cli import options
from hwnas.cli.output import Output

COMPARISON = Path("comparison.svg")


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="A run folder, or several to be compared."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help=f"Where the picture of several runs goes. (default: {COMPARISON})",
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Write report.html and front.svg of a run that was searched, or compare several runs.

    Several runs are compared in a table and in one picture of their fronts; they must be of one
    space, resolution, images and device.
    """
    output = Output(as_json)
    if len(runs) == 1:
        if out is not None:
            raise RunError(f"--out goes with several runs; the report of one goes to {runs[0]}")
        _report_one(runs[0], output)
    else:
        _compare(runs, out or COMPARISON, output)


def _report_one(run: Path, output: Output) -> None:
    from hwnas.cli.stages import reopen_run, report_stage

    with reopen_run(run) as (experiment, folder):
        page, picture = report_stage(experiment, folder)
        output.line(f"report: {page}\npicture: {picture}")
        output.document({"report": str(page), "picture": str(picture)})


def _compare(runs: list[Path], out: Path, output: Output) -> None:
    from devices.files import write_atomically
    from hwnas.cli.show_comparison import show_comparison
    from hwnas.cli.stages import reopen_run
    from hwnas.report.comparable import check_comparable, read_searched
    from hwnas.report.comparison import compare
    from hwnas.report.picture import comparison_svg

    _check_out(out)
    with ExitStack() as held:
        for index, run in enumerate(runs):
            if run.resolve() in [other.resolve() for other in runs[:index]]:
                raise RunError(f"{run} is named twice; name each run once")
        searched = [read_searched(*held.enter_context(reopen_run(run))) for run in runs]
        check_comparable(searched)
        comparison = compare(searched)
    write_atomically(out, comparison_svg(comparison), error=RunError)
    document = show_comparison(output, comparison)
    output.line(f"picture: {out}")
    output.document(document | {"picture": str(out)})


def _check_out(out: Path) -> None:
    """Refuses to put the picture over something that is no earlier one."""
    from hwnas.report.picture import is_comparison

    if out.is_dir():
        raise RunError(f"{out} is a folder; name a file with --out, as in {out / COMPARISON}")
    if out.suffix.lower() != ".svg":
        raise RunError(
            f"the picture is an SVG file and {out} is not named like one; "
            f"name it like {out.with_suffix('.svg')} with --out"
        )
    if out.exists() and not is_comparison(out):
        raise RunError(
            f"{out} is there and no comparison that hwnas made; name another file with --out"
        )
