"""`hwnas table`: what a latency table holds."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hwnas.cli import (
    options,
    table_diff,
    table_export,
    table_import,
    table_merge,
    table_validate,
)
from hwnas.cli.output import Output

app = typer.Typer(help="Latency tables.", no_args_is_help=True)
app.command("validate")(table_validate.validate_table)
app.command("export")(table_export.export_table)
app.command("import")(table_import.import_table)
app.command("diff")(table_diff.diff_tables)
app.command("merge")(table_merge.merge_tables)


@app.command("show")
def show_table(
    table: Annotated[Path, typer.Argument(help="A table, as in tables/local_cpu.sqlite.")],
    blocks: Annotated[bool, typer.Option("--blocks", help="List every block's timings.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show a table's provenance, its latency models with their error, and its blocks."""
    from hwnas.cli.show import show_validation
    from latency.model import LatencyModel
    from latency.table import LatencyTable

    output = Output(as_json)
    with LatencyTable.existing(table) as opened:
        fingerprint = opened.fingerprint
        summaries = opened.summaries()
        known, models, dates = opened.blocks(), opened.models(), opened.dates()
    measured_between = dict(zip(("first_visit", "last_visit"), dates or (), strict=False))
    provenance = {**(asdict(fingerprint) if fingerprint else {}), **measured_between}
    output.table(str(table), ["", "value"], [[k, str(v)] for k, v in provenance.items()])
    for scope, content in models.items():
        model = LatencyModel.from_dict(content, {})
        output.line(scope)
        show_validation(output, model)
    measured = {key: summaries[key] for key in known if key in summaries}
    if blocks:
        output.table(
            "blocks (ms)",
            ["block", "samples", "min", "p10", "median", "p90"],
            [
                [key, str(s.samples), *(f"{v:.4f}" for v in (s.min, s.p10, s.median, s.p90))]
                for key, s in measured.items()
            ],
        )
    output.line(f"{len(measured)} blocks and {len(summaries) - len(measured)} networks measured")
    output.document(
        {
            "provenance": provenance,
            "models": models,
            "blocks": {key: asdict(summary) for key, summary in measured.items()},
            "networks": len(summaries) - len(measured),
        }
    )
