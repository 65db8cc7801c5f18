"""`hwnas devices`: which devices are known, and what identifies one."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hwnas.cli import devices_add, devices_bundle, devices_check, options
from hwnas.cli.next_step import CHECKED, Step, command_line, show_next
from hwnas.cli.output import Output
from hwnas.core.errors import ConfigError

if TYPE_CHECKING:
    from hwnas.devices.device import Device

app = typer.Typer(
    help="List, add and check the devices that networks are measured on.", no_args_is_help=True
)
app.command("add")(devices_add.add_device)
app.command("bundle")(devices_bundle.make_bundle)
app.command("check")(devices_check.check_device)


@app.command("list")
def list_devices(as_json: options.Json = False) -> None:
    """List your own devices and the shipped ones."""
    from hwnas.core.configs import config_names, find_config, own_folder, own_names
    from hwnas.devices.device import load_device

    output = Output(as_json)
    own, wrong = own_names("devices"), list[str]()
    rows, documents = list[list[str]](), list[dict[str, Any]]()
    for name in config_names("devices"):
        path = str(find_config("devices", name)) if name in own else None
        try:
            device = load_device(name)
        except ConfigError as error:  # one file of theirs that is wrong hides no other device
            wrong.append(str(error))
            documents.append({"name": name, "path": path, "error": str(error)})
            continue
        rows.append([name, *_columns(device)])
        # Its name is what --device takes: that of the file.
        documents.append({**device.model_dump(mode="json"), "name": name, "path": path})
    output.table("devices", ["name", "transport", "where", "agent", "runs"], rows)
    if own:
        output.line(f"your own: {', '.join(own)}, in {own_folder('devices')}")
    for sentence in wrong:
        output.say(sentence)
    output.document(documents)
    if own:
        show_next(output, Step(command_line("hwnas devices check", own[0]), CHECKED))
    else:
        show_next(output, Step("hwnas devices add", "a board, server or phone of your own"))


@app.command("show")
def show_device(
    device: Annotated[str, typer.Argument(help="A device's name, or a YAML file.")],
    as_json: options.Json = False,
) -> None:
    """Show a device's fingerprint: what must be equal for timings to be comparable.

    Also shows whether it is emulated, and what cannot be controlled while measuring.
    """
    from hwnas.cli.show_device import identity_document, show_identity
    from hwnas.devices.device import load_device
    from hwnas.latency.identity import read_identity

    output = Output(as_json)
    identity = read_identity(load_device(device))
    show_identity(output, device, identity)
    output.document(identity_document(identity))
    show_next(output, Step(command_line("hwnas devices check", device), CHECKED))


def _columns(device: "Device") -> list[str]:
    from hwnas.devices.location import location

    agent = device.agent if device.measurable else "-"
    threads = f"{device.threads} thread{'s' if device.threads > 1 else ''}"
    runs = f"{device.runtime}, {device.precision}, {threads}, batch {device.batch}"
    return [device.transport, location(device) or "-", agent, runs]
