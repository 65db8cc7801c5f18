"""`hwnas table import`: a latency table of an exported one, or of timings of your own."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hwnas.cli import options
from hwnas.cli.next_step import Step, command_line, of_table, show_next
from hwnas.cli.output import Output
from hwnas.cli.table_export import described, file_suffix, held_by
from hwnas.core.csv_text import read_text
from hwnas.core.errors import TableError

if TYPE_CHECKING:
    from hwnas.devices.device import Device
    from hwnas.spaces import SearchSpace

_LINES = "a YAML file with the two lines 'name: my_npu' and 'transport: imported'"


Imported = Annotated[
    str | None, typer.Option("--device", help=f"The device of the timings: {_LINES}.")
]


def import_table(
    file: Annotated[
        Path,
        typer.Argument(help="A .json from 'hwnas table export', or a .csv of your own timings."),
    ],
    table: Annotated[Path, typer.Argument(help="The table to make; it must not exist yet.")],
    device: Imported = None,
    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            help="For a .csv of whole networks: the search config that names their space.",
        ),
    ] = None,
    priors: Annotated[
        list[Path] | None,
        typer.Option(
            "--prior",
            help="For whole networks: a table of another device, from which blocks are estimated. "
            "May be repeated.",
        ),
    ] = None,
    difference: Annotated[
        float,
        typer.Option(
            "--difference",
            min=0,
            max=200,
            help="For a .csv: by how many % rows of the same block or network may differ.",
        ),
    ] = 25.0,
    data: options.Data = None,
    resolution: options.Resolution = None,
    as_json: options.Json = False,
) -> None:
    """Make a latency table from a file.

    An exported table: hwnas table import local_cpu.json tables/copy.sqlite

    Your timings of blocks: hwnas table import my.csv tables/npu.sqlite --device npu.yaml

    Of whole networks ('hwnas table export-networks' writes them): the same with
    --config my_search.yaml, and --prior tables/local_cpu.sqlite where there is one.

    docs/reference/csv.md describes the .csv. Search with such timings by the same
    --device and --table; nothing is ever measured on such a device.
    """
    from hwnas.latency.interchange_json import table_from_json
    from hwnas.latency.table import LatencyTable

    output = Output(as_json)
    suffix = file_suffix(file)
    if not file.exists():
        raise TableError(f"{file} does not exist; name a .json or .csv file")
    if table.suffix.lower() in (".json", ".csv", ".yaml"):
        raise TableError(f"{table} would be a SQLite file; name it {table.with_suffix('.sqlite')}")
    if suffix == ".csv":
        target = imported_device(device)
        space = None
        if config is not None:
            space = options.Given(
                config=config, data=data, resolution=resolution, device=device
            ).one_space()
        elif priors or data is not None or resolution is not None:
            raise TableError("--prior, --data and --resolution go with --config; add it")
        document = _import_csv(output, file, table, target, space, priors or [], difference / 100)
        named = {"device": device, "table": table, "data": data, "resolution": resolution}
        words = command_line("hwnas search", config or "CONFIG", **named)
        step = Step(words, "finds the best networks within the budgets")
    else:
        for option, given in (("--device", device), ("--config", config), ("--prior", priors)):
            if given:
                raise TableError(f"{file} contains all of that; leave out {option}")
        table_from_json(_text(file), str(file), table)
        step, document = of_table(table), {}
    with LatencyTable.existing(table) as opened:
        held = held_by(opened)
    output.line(f"{table}: {described(held)}")
    output.document({"table": str(table), **held, **document})
    show_next(output, step)


def imported_device(name: str | None) -> "Device":
    """The device of timings that come from elsewhere.

    Raises:
        TableError: none is named, or hwnas measures it itself.
        ConfigError: there is no such device, or its file is wrong.
    """
    from hwnas.devices.device import load_device

    if name is None:
        raise TableError(f"name the device of the timings with --device: {_LINES}")
    device = load_device(name)
    if device.measurable:
        raise TableError(
            f"the device {name} is measured (transport: {device.transport}), and measured timings "
            f"are not mixed with others; name a device of its own: {_LINES}"
        )
    return device


def _import_csv(
    output: Output,
    file: Path,
    table: Path,
    device: "Device",
    space: "SearchSpace | None",
    priors: list[Path],
    difference: float,
) -> dict[str, Any]:
    """Makes the table; returns what a document says of it beside what it holds."""
    from hwnas.cli.show import show_validation
    from hwnas.latency.identity import read_fingerprint
    from hwnas.latency.imported import import_networks, import_timings
    from hwnas.latency.interchange_csv import timings_from_csv
    from hwnas.runs.hand_timed import estimated_blocks, narrow_span, network_names, refuse_missing
    from hwnas.runs.latencies import scope_of
    from hwnas.runs.model_warnings import warn_of_model

    names = None if space is None else network_names(space, file.parent, device)
    timings = timings_from_csv(_text(file), str(file), names, most_difference=difference)
    for note in timings.notes:
        output.say(f"note: {note}")
    fingerprint = read_fingerprint(device)
    if not timings.networks or space is None:
        if priors:
            raise TableError(f"--prior is for rows of whole networks, and {file} has none")
        if space is not None:
            refuse_missing(space, timings)
        warn_of_model(
            output, import_timings(table, fingerprint, timings.block_ms, timings.overhead)
        )
        return {"notes": timings.notes}
    blocks, known = estimated_blocks(space, priors, fingerprint)
    model = import_networks(
        table, fingerprint, timings, scope=scope_of(space), blocks=blocks, priors=known
    )
    output.line(timings.range)
    show_validation(output, model)
    narrow = narrow_span(space, timings)
    if narrow is not None:
        output.warn(narrow)
    return {
        "notes": [*timings.notes, *([narrow] if narrow else [])],
        "scope": scope_of(space),
        "validation": asdict(model.validation) if model.validation else None,
        "compared": dict(model.compared),
    }


def _text(file: Path) -> str:
    return read_text(file, wanted="a .json or .csv file of timings", error=TableError)
