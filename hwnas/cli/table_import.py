"""`hwnas table import`: a latency table of an exported one, or of timings of your own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from devices.csv_text import read_text
from devices.errors import TableError
from hwnas.cli import options
from hwnas.cli.output import Output
from hwnas.cli.table_export import described, file_suffix, held_by

if TYPE_CHECKING:
    from devices.device import Device

_LINES = "a YAML file with the two lines 'name: my_npu' and 'transport: imported'"


def import_table(
    file: Annotated[
        Path, typer.Argument(help="A .json of 'hwnas table export', or a .csv of your timings.")
    ],
    table: Annotated[Path, typer.Argument(help="The table to make; it must not be there yet.")],
    device: Annotated[
        str | None,
        typer.Option(
            "--device", help=f"With a .csv: the device that the timings are of, {_LINES}."
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Make a latency table of a file.

    An exported table: hwnas table import local_cpu.json tables/copy.sqlite

    Your own timings: hwnas table import my.csv tables/npu.sqlite --device npu.yaml

    docs/tables.md describes the .csv. Search with such timings by the same
    --device and --table; nothing is ever measured on such a device.
    """
    from latency.interchange_json import table_from_json
    from latency.table import LatencyTable

    output = Output(as_json)
    if file_suffix(file) == ".csv":
        target = _imported_device(device)
        _import_csv(output, file, table, target)
        hint = f"; next: 'hwnas search' with a config of yours, --device {device} --table {table}"
    else:
        if device is not None:
            raise TableError(f"{file} says itself of which device it is; leave out --device")
        table_from_json(_text(file), str(file), table)
        hint = ""
    with LatencyTable.existing(table) as opened:
        held = held_by(opened)
    output.line(f"{table}: {described(held)}{hint}")
    output.document({"table": str(table), **held})


def _imported_device(name: str | None) -> "Device":
    from devices.device import load_device

    if name is None:
        raise TableError(
            f"a .csv does not say of which device its timings are; name it with --device: {_LINES}"
        )
    device = load_device(name)
    if device.measurable:
        raise TableError(
            f"the device {name} is measured (transport: {device.transport}), and measured timings "
            f"are not mixed with others; name a device of its own: {_LINES}"
        )
    return device


def _import_csv(output: Output, file: Path, table: Path, device: "Device") -> None:
    from hwnas.cli.show import warn
    from latency.identity import read_fingerprint
    from latency.imported import import_timings
    from latency.interchange_csv import blocks_from_csv

    timings, overhead = blocks_from_csv(_text(file), str(file))
    warn(output, import_timings(table, read_fingerprint(device), timings, overhead))


def _text(file: Path) -> str:
    return read_text(file, wanted="a .json or .csv file of timings", error=TableError)
