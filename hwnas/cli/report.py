"""`hwnas report`: a run as one HTML page and a picture; several runs side by side."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from hwnas.cli import completion, options
from hwnas.cli.next_step import Step, after_report, command_line, show_next
from hwnas.cli.output import Output
from hwnas.core.errors import RunError

COMPARISON = Path("comparison.svg")
_PAGE = ".html"


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...",
            help="A run folder, or several to compare.",
            autocompletion=completion.runs,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="For one run: a folder for the page and the picture, in place of the run folder. "
            f"For several: the file of their picture; the page of the same name lies beside it. "
            f"(default: {COMPARISON})",
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Write report.html and front.svg of a run, or compare several runs.

    Several runs are compared in a table, a page and one picture of their fronts. They must have the
    same space, resolution and images; devices and precisions may differ, and the table says so.
    """
    output = Output(as_json)
    if len(runs) == 1:
        _report_one(runs[0], out, output)
    else:
        _compare(runs, out or COMPARISON, output)


def _report_one(run: Path, out: Path | None, output: Output) -> None:
    from hwnas.api.run import Run
    from hwnas.report.writing import check_place

    check_place(run, out)  # before what may be wrong with the run
    opened = Run.of_folder(run, output)
    written = opened.report(out)
    page, picture = written.page, written.picture
    output.line(f"report: {page}\npicture: {picture}")
    output.document({"report": str(page), "picture": str(picture)})
    show_next(output, after_report(opened))


def _compare(runs: list[Path], out: Path, output: Output) -> None:
    from hwnas.api.run import Run
    from hwnas.cli.show_comparison import show_comparison
    from hwnas.core.files import write_atomically
    from hwnas.report.comparable import check_comparable, read_searched
    from hwnas.report.compared_points import compared_points
    from hwnas.report.comparison import compare
    from hwnas.report.comparison_page import comparison_page
    from hwnas.report.picture import comparison_svg

    _check_out(out)
    with ExitStack() as held:
        for index, run in enumerate(runs):
            if run.resolve() in [other.resolve() for other in runs[:index]]:
                raise RunError(f"{run} is named twice; name each run once")
        searched = []
        for run in runs:
            opened = held.enter_context(Run.of_folder(run, output).held(reading=True))
            searched.append(read_searched(opened.experiment, opened.folder))
        check_comparable(searched)
        comparison, drawn = compare(searched), compared_points(searched)
    page = out.with_suffix(_PAGE)
    write_atomically(out, comparison_svg(comparison), error=RunError)
    write_atomically(page, comparison_page(comparison, drawn), error=RunError)
    document = show_comparison(output, comparison)
    output.line(f"picture: {out}\npage: {page}")
    output.document(document | {"picture": str(out), "page": str(page)})
    show_next(output, Step(command_line("hwnas report", runs[0]), "the whole page of one of them"))


def _check_out(out: Path) -> None:
    """Refuses to put the picture and the page over something that is no earlier one."""
    from hwnas.report.comparison_page import is_comparison_page
    from hwnas.report.picture import is_comparison

    if out.is_dir():
        raise RunError(f"{out} is a folder; name a file with --out, as in {out / COMPARISON}")
    if out.suffix.lower() != ".svg":
        raise RunError(
            f"the picture is an SVG file and {out} is not named like one; "
            f"name it like {out.with_suffix('.svg')} with --out"
        )
    for file, is_ours in ((out, is_comparison), (out.with_suffix(_PAGE), is_comparison_page)):
        if file.exists() and not (file.is_file() and is_ours(file)):
            raise RunError(
                f"{file} exists and is not a comparison that hwnas made; name another file with "
                "--out"
            )
