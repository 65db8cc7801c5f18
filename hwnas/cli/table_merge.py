"""`hwnas table merge`: several tables of one device in one."""

from pathlib import Path
from typing import Annotated

import typer

from hwnas.cli import options
from hwnas.cli.next_step import of_table, show_next
from hwnas.cli.output import Output, counted


def merge_tables(
    tables: Annotated[list[Path], typer.Argument(help="Two or more latency tables of one device.")],
    into: Annotated[Path, typer.Option("--into", help="The new table; it must not exist yet.")],
    as_json: options.Json = False,
) -> None:
    """Merge several tables of one device into a new one.

    A visit that is in several tables is taken once; every latency model is fitted anew.
    """
    from hwnas.cli.show import show_validation
    from hwnas.latency.merge import merge

    output = Output(as_json)
    merged = merge(tables, into)
    output.line(
        f"{into}: {counted(merged.blocks, merged.chains, merged.networks)} in "
        f"{merged.visits:,} visits from {len(tables)} tables; the machine was slow during "
        f"{100 * merged.affected:.0f} % of them"
    )
    for scope, model in merged.models.items():
        output.line(scope)
        show_validation(output, model)
    output.document(
        {
            "table": str(into),
            "from": list(map(str, tables)),
            "blocks": merged.blocks,
            "chains": merged.chains,
            "networks": merged.networks,
            "visits": merged.visits,
            "affected_share": merged.affected,
            "models": {scope: model.to_dict() for scope, model in merged.models.items()},
        }
    )
    show_next(output, of_table(into))
