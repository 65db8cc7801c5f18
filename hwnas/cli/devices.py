"""`hwnas devices`: which devices are known, and what identifies one."""

from dataclasses import asdict
from typing import Annotated

import typer

from hwnas.cli import devices_bundle, devices_check, options
from hwnas.cli.output import Output

app = typer.Typer(help="Devices that can be measured.", no_args_is_help=True)
app.command("bundle")(devices_bundle.make_bundle)
app.command("check")(devices_check.check_device)


@app.command("list")
def list_devices(as_json: options.Json = False) -> None:
    """List the shipped devices."""
    from devices.config import config_names
    from devices.device import load_device

    output = Output(as_json)
    found = [load_device(name) for name in config_names("devices")]
    output.table(
        "devices",
        ["name", "transport", "runtime", "precision", "threads", "batch"],
        [
            [d.name, d.transport, d.runtime, d.precision, str(d.threads), str(d.batch)]
            for d in found
        ],
    )
    output.document([device.model_dump(mode="json") for device in found])


@app.command("show")
def show_device(
    device: Annotated[str, typer.Argument(help="A device's name, or a YAML file.")],
    as_json: options.Json = False,
) -> None:
    """Ask a device for its fingerprint: what must be equal for timings to be comparable."""
    from devices.device import load_device
    from latency.identity import read_fingerprint

    output = Output(as_json)
    fingerprint = asdict(read_fingerprint(load_device(device)))
    rows = [[name, str(value)] for name, value in fingerprint.items()]
    output.table(f"fingerprint of {device}", ["field", "value"], rows)
    output.document(fingerprint)
