"""`hwnas table validate`: some of a table measured again, and compared."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hwnas.cli import options
from hwnas.cli.next_step import Step, command_line, show_next
from hwnas.cli.output import Output

if TYPE_CHECKING:
    from hwnas.latency.revalidate import Revalidation


def validate_table(
    table: Annotated[
        Path, typer.Argument(help="A latency table, such as tables/local_cpu.sqlite.")
    ],
    device: Annotated[
        str,
        typer.Option(
            "--device",
            help="The device that it was measured on: a name, or a YAML file.",
        ),
    ] = "local_cpu",
    scope: Annotated[
        str | None,
        typer.Option(
            "--scope", help="One of the models that 'hwnas table show' lists, instead of all."
        ),
    ] = None,
    networks: Annotated[
        int, typer.Option("--networks", min=2, help="How many networks to measure, at most.")
    ] = 20,
    blocks: Annotated[
        int, typer.Option("--blocks", min=2, help="How many blocks to measure, at most.")
    ] = 20,
    as_json: options.Json = False,
) -> None:
    """Measure some networks and blocks again, to see whether the table still holds.

    It does when predictions are off by at most 5 % in the median.

    Exit code 0: it holds; 1: it no longer does; 2: that is not known.
    """
    from hwnas.devices.device import load_device
    from hwnas.latency.revalidate import revalidate
    from hwnas.latency.table import LatencyTable

    output = Output(as_json)
    chosen = load_device(device)
    with (
        LatencyTable.existing(table) as opened,
        output.progress(f"measuring on {device}", "visits") as update,
    ):
        found = revalidate(
            chosen, opened, scope=scope, networks=networks, blocks=blocks, progress=update
        )
    _show(output, found)
    output.document({"table": str(table), "device": chosen.name, **_document(found)})
    if found.holds:
        words = command_line("hwnas search", "CONFIG", table=table)
        show_next(output, Step(words, "finds the best networks within the budgets"))
    else:
        words = command_line("hwnas profile", "CONFIG", device=device, table="NEW.sqlite")
        show_next(output, Step(words, "measures anew, into another table"))
    if not found.holds:
        raise typer.Exit(1 if found.holds is False else 2)


def _show(output: Output, found: "Revalidation") -> None:
    from hwnas.latency.revalidate import agreement
    from hwnas.report.rows import VALIDATION_HEADER, agreement_cells

    kinds = {"predictions": found.predicted, "networks": found.networks, "blocks": found.blocks}
    output.table(
        f"{len(found.networks)} networks and {len(found.blocks)} blocks: stored, and measured now",
        VALIDATION_HEADER,
        [[name, *agreement_cells(agreement(some))] for name, some in kinds.items() if some],
    )
    if found.slower is not None:
        output.line(
            f"reference block: {found.reference_before:.4f} ms when the table was measured, "
            f"{found.reference_now:.4f} ms now: the machine is {100 * abs(found.slower):.1f} % "
            f"{'slower' if found.slower > 0 else 'faster'}"
        )
    output.line(found.verdict)


def _document(found: "Revalidation") -> dict[str, Any]:
    from hwnas.latency.revalidate import agreement

    kinds = {"predicted": found.predicted, "networks": found.networks, "blocks": found.blocks}
    return {
        "holds": found.holds,
        "verdict": found.verdict,
        "median_error": found.error,
        "slower": found.slower,
        "agreement": {name: asdict(agreement(some)) for name, some in kinds.items() if some},
        **asdict(found),
    }
