"""`hwnas table export`: a latency table as JSON or CSV."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hwnas.cli import options
from hwnas.cli.next_step import Step, command_line, show_next
from hwnas.cli.output import Output, counted
from hwnas.core.errors import TableError

if TYPE_CHECKING:
    from hwnas.latency.table import LatencyTable


def export_table(
    table: Annotated[
        Path, typer.Argument(help="A latency table, such as tables/local_cpu.sqlite.")
    ],
    file: Annotated[
        Path,
        typer.Argument(help="The file to write: .json (everything) or .csv (a row per block)."),
    ],
    force: Annotated[bool, typer.Option("--force", help="Replace FILE where it exists.")] = False,
    as_json: options.Json = False,
) -> None:
    """Write a latency table as a file that other programs read.

    Everything: hwnas table export tables/local_cpu.sqlite local_cpu.json

    A row a block: hwnas table export tables/local_cpu.sqlite blocks.csv

    'hwnas table import' makes the same table of a .json; a .csv with your own
    timings in its column ms becomes the table of another device.
    """
    from hwnas.core.files import write_atomically
    from hwnas.latency.interchange_csv import table_to_csv
    from hwnas.latency.interchange_json import table_to_json
    from hwnas.latency.table import LatencyTable

    output = Output(as_json)
    suffix = file_suffix(file)
    with LatencyTable.existing(table) as opened:
        if file.is_file() and not force:  # it may hold timings that somebody put there by hand
            raise TableError(f"{file} exists already; add --force to replace it")
        text = table_to_csv(opened) if suffix == ".csv" else table_to_json(opened)
        held = held_by(opened, whole=suffix == ".json")
    write_atomically(file, text)
    output.line(f"{file}: {described(held)}")
    output.document({"file": str(file), **held})
    words = command_line("hwnas table import", file, "TABLE.sqlite")
    show_next(output, Step(words, "makes a table of it again, here or elsewhere"))


def file_suffix(file: Path) -> str:
    """The suffix that says in which form a table is exported or imported.

    Raises:
        TableError: it is neither .json nor .csv.
    """
    suffix = file.suffix.lower()
    if suffix not in (".json", ".csv"):
        raise TableError(
            f"{file} must end with .json (a whole table) or .csv (a row for each block); name such "
            "a file"
        )
    return suffix


def held_by(table: "LatencyTable", *, whole: bool = True) -> dict[str, int]:
    """How many measured graphs and visits a table holds, or its CSV, which leaves some out."""
    from hwnas.devices.device import IMPORTED

    counts = table.counts()
    fingerprint = table.fingerprint
    if not whole:
        counts.pop("chain", None)
        if fingerprint is None or fingerprint.machine != IMPORTED:
            counts.pop("network", None)
    return {
        **{f"{kind}s": counts.get(kind, (0, 0))[0] for kind in ("block", "chain", "network")},
        "visits": sum(visits for _, visits in counts.values()),
    }


def described(held: dict[str, int]) -> str:
    """The same in words."""
    graphs = counted(held["blocks"], held["chains"], held["networks"])
    return f"{graphs} of {held['visits']:,} visits"
