"""`hwnas report`: a run as one HTML page and a picture of its front."""

from hwnas.cli import options
from hwnas.cli.output import Output


def report(run: options.RunArgument, as_json: options.Json = False) -> None:
    """Write report.html and front.svg of a run that was searched."""
    from hwnas.cli.stages import reopen_run, report_stage

    output = Output(as_json)
    with reopen_run(run) as (experiment, folder):
        page, picture = report_stage(experiment, folder)
        output.line(f"report: {page}\npicture: {picture}")
        output.document({"report": str(page), "picture": str(picture)})
