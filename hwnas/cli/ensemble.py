"""`hwnas ensemble`: several networks of a run as one file, within a latency budget."""

from typing import TYPE_CHECKING, Annotated

import typer

from hwnas.cli import options
from hwnas.cli.export import Patience, RayAddress, Workers
from hwnas.cli.next_step import after_export, show_next
from hwnas.cli.output import Output
from hwnas.runs.defaults import ENSEMBLE_MEMBERS, FRONT, PATIENCE, SOURCES

if TYPE_CHECKING:
    from hwnas.runs.ensembles.form import EnsembleSummary

Members = Annotated[int, typer.Option("--members", help="At most so many networks, 2 to 16.")]
Budget = Annotated[
    str | None,
    typer.Option(
        "--budget",
        help="What the whole ensemble may take, as in 'latency=2 ms' (s, ms, us) or 'latency=80 % "
        "of reference'. (default: the run's latency budget)",
        show_default=False,
    ),
]
Source = Annotated[
    str,
    typer.Option(
        "--from",
        metavar=f"[{'|'.join(SOURCES)}]",
        help="Where the members are from: 'front', networks of the front, each trained as an "
        "export of it is; or 'supernet', paths of the supernet that share their first blocks, "
        "which run once, fine-tuned together.",
    ),
]
CandidatesOption = Annotated[
    int | None,
    typer.Option(
        "--candidates",
        min=2,
        help="Train so many networks of the front to choose the members from, or judge so many "
        "paths of the supernet. (default: twice the members; 60 paths)",
        show_default=False,
    ),
]


def ensemble(
    run: options.RunArgument,
    members: Members = ENSEMBLE_MEMBERS,
    budget: Budget = None,
    source: Source = FRONT,
    candidates: CandidatesOption = None,
    data: options.Data = None,
    patience: Patience = PATIENCE,
    workers: Workers = None,
    ray: RayAddress = None,
    as_json: options.Json = False,
) -> None:
    """Export several networks of a run as one ONNX file that averages their probabilities.

    Members are chosen on the validation images, for how accurate they are together and how
    differently they answer, and so that all of them are predicted to run within the budget. The
    file is checked against PyTorch and measured on the device; one that measures over the budget is
    left for the next. Beside it the best single network within the same budget is trained and
    measured, so that you see whether the ensemble is worth it. Run it again to resume.
    """
    from hwnas.api.run import Run

    output = Output(as_json)
    summary = Run.of_folder(run, output, data=data).ensemble(
        members=members,
        budget=budget,
        source=source,
        candidates=candidates,
        patience=patience,
        workers=workers,
        ray=ray,
    )
    _show(output, summary)
    show_next(output, after_export(run))


def _show(output: Output, summary: "EnsembleSummary") -> None:
    """Prints the ensemble, its members and the single network, or all as JSON."""
    from hwnas.report.ensemble_rows import (
        ENSEMBLE_HEADER,
        MEMBER_HEADER,
        ensemble_rows,
        ensemble_sentences,
        ensemble_title,
        member_rows,
    )

    output.table(ensemble_title(summary), ENSEMBLE_HEADER, ensemble_rows(summary))
    output.table("members", MEMBER_HEADER, member_rows(summary))
    for sentence in ensemble_sentences(summary):
        output.line(sentence)
    output.document(summary.model_dump(mode="json"))
