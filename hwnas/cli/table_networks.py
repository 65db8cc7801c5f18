"""`hwnas table export-networks`: whole networks as ONNX files, to be timed by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from hwnas.cli import options
from hwnas.cli.next_step import Step, command_line, show_next
from hwnas.cli.output import Output
from hwnas.cli.table_import import Imported, imported_device
from hwnas.core.errors import TableError
from hwnas.core.files import advice, reason
from hwnas.core.workspace import temporary_folder

_SHEET = "networks.csv"


def export_networks(
    config: options.Config,
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    device: Imported = None,
    count: Annotated[
        int,
        typer.Option("--count", min=8, max=1000, help="How many networks; 30 are usually enough."),
    ] = 30,
    data: options.Data = None,
    resolution: options.Resolution = None,
    as_json: options.Json = False,
) -> None:
    """Write networks of a space as ONNX files, with a CSV for their timings.

    For a device that hwnas cannot reach: time the files on it by hand, write what
    one inference takes into networks.csv, import that, and search with it.

    For example: hwnas table export-networks my_search.yaml to_time --device npu.yaml

    The files are in the precision and the batch of --device, with random weights.
    """
    from hwnas.latency.network_file import network_file
    from hwnas.runs.hand_timed import networks_to_time, sheet

    output = Output(as_json)
    given = options.Given(config=config, data=data, resolution=resolution, device=device)
    space = given.one_space()
    target = imported_device(device)
    networks = networks_to_time(space, count)
    with (
        _new_folder(folder) as made,
        output.progress(f"writing networks of {space.name}", "files") as update,
    ):
        for done, one in enumerate(networks, start=1):
            (made / one.file).write_bytes(network_file(one.network, target))
            update(done, len(networks))
        (made / _SHEET).write_text(sheet(space, networks), encoding="utf-8")
    filled = folder / _SHEET
    command = command_line(
        "hwnas table import",
        filled,
        f"tables/{target.name}.sqlite",
        device=device,
        config=config,
        data=data,
        resolution=resolution,
    )
    output.line(
        f"{folder}: {len(networks)} networks, from the smallest to the largest, in "
        f"{target.precision}, for a batch of {target.batch}"
    )
    output.line(
        f"time each on {target.name}, and write the milliseconds of one run into the column ms of "
        f"{filled}"
    )
    output.document(
        {
            "folder": str(folder),
            "csv": str(filled),
            "precision": target.precision,
            "batch": target.batch,
            "networks": [{"file": one.file, "architecture": one.architecture} for one in networks],
        }
    )
    show_next(output, Step(command, "then, makes a latency table of them"))


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill, which gets its name when all is in it.

    Raises:
        TableError: it is there already, or cannot be written.
    """
    there = folder.is_file() or (folder.is_dir() and any(folder.iterdir()))
    if there:
        raise TableError(
            f"{folder} exists already and may hold timings; move it away or name another folder"
        )
    if folder.is_dir() and (folder.is_mount() or folder.samefile(Path.cwd())):
        raise TableError(
            f"{folder} cannot be replaced; name a new folder in it, such as {folder / 'to_time'}"
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        name = f".{folder.name}."
        where = temporary_folder(
            folder.parent, name, error=TableError, advice="choose another folder"
        )
        with where as temporary:
            made = temporary / "new"
            made.mkdir()
            yield made
            made.rename(folder)
    except OSError as error:
        raise TableError(f"cannot write {folder}: {reason(error)}; {advice(error)}") from error
