"""`hwnas devices add`: a person's own device, asked for and written down."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hwnas.cli import options
from hwnas.cli.next_step import CHECKED, Step, command_line, show_next
from hwnas.cli.output import Output
from hwnas.core.errors import ConfigError, DeviceError

if TYPE_CHECKING:
    from hwnas.devices.device import Device

_YAML = (".yaml", ".yml")


def add_device(
    name: Annotated[
        str | None, typer.Argument(help="Its name, for --device and latency@NAME.")
    ] = None,
    transport: Annotated[
        str | None, typer.Option("--transport", help="How it is reached: local, ssh or adb.")
    ] = None,
    host: Annotated[
        str | None, typer.Option("--host", help="With ssh: the host, as in 'ssh HOST'.")
    ] = None,
    user: Annotated[str | None, typer.Option("--user", help="With ssh: the user there.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="With ssh: the port there.")] = None,
    serial: Annotated[
        str | None,
        typer.Option("--serial", help="With adb: the serial number, as 'adb devices' shows it."),
    ] = None,
    agent: Annotated[
        str | None,
        typer.Option("--agent", help="The program that measures there: python or native."),
    ] = None,
    arch: Annotated[
        str | None,
        typer.Option(
            "--arch", help="With --agent native: the processor, as 'uname -m' says there."
        ),
    ] = None,
    runtime: Annotated[
        str | None,
        typer.Option(
            "--runtime",
            help="The runtime: onnxruntime, or on NVIDIA GPUs onnxruntime_cuda, tensorrt or "
            "tensorrt_rtx. (default: onnxruntime)",
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option("--precision", help="fp32 or int8; fp16 on GPUs. (default: fp32)"),
    ] = None,
    threads: Annotated[
        int | None, typer.Option("--threads", help="Threads per inference. (default: 1)")
    ] = None,
    batch: Annotated[
        int | None, typer.Option("--batch", help="Images per inference. (default: 1)")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Any other key of a device, as in 'rest_s=0.5'. May be repeated."
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", help="The YAML file. (default: devices/NAME.yaml in your config folder)"
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace, or take precedence over, a device of that name."),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Try to reach the device afterwards.")
    ] = True,
    as_json: options.Json = False,
) -> None:
    """Add a device of your own; on a terminal, hwnas asks for what the options leave open.

    Writes a YAML file, then shows the device's fingerprint. A device that cannot be reached now is
    kept all the same: hwnas says so, and the exit code is 0.
    """
    from hwnas.cli.device_questions import ask, check_given, usual_agent
    from hwnas.core.configs import parse_config
    from hwnas.core.files import write_atomically
    from hwnas.devices.device import Device
    from hwnas.devices.device_file import device_text

    output = Output(as_json)
    given = {
        key: value
        for key, value in {
            "name": name or (file.stem if file else None),
            "transport": transport,
            "host": host,
            "user": user,
            "port": port,
            "serial": serial,
            "agent": agent,
            "arch": arch,
            "runtime": runtime,
            "precision": precision,
            "threads": threads,
            "batch": batch,
            **options.parsed_settings(settings, "rest_s=0.5"),
        }.items()
        if value is not None
    }
    check_given(given)
    if "name" in given:
        path = _place(str(given["name"]), file, force)
    if not as_json and sys.stdin.isatty() and output.stderr.is_terminal:
        given = ask(given, output.stderr)
    elif "name" not in given:
        raise ConfigError("name the device, as in 'hwnas devices add pixel --transport adb'")
    if not {"agent", "arch", "bundle", "python"} & {*given}:
        given |= usual_agent(given)
    device = parse_config(given, Device, "the command line")
    path = _place(device.name, file, force)
    write_atomically(path, device_text(device), error=ConfigError)
    called = str(path) if file else device.name
    output.line(f"wrote {path}; use it as --device {called} and latency@{called}")
    document = {"name": device.name, "file": str(path), "device": device.model_dump(mode="json")}
    output.document({**document, **_reach(device, check, output)})
    if device.measurable:
        show_next(output, Step(command_line("hwnas devices check", called), CHECKED))
    else:
        words = command_line("hwnas table import TIMINGS.csv TABLE.sqlite", device=called)
        show_next(output, Step(words, "makes a table of timings from elsewhere"))


def _place(name: str, file: Path | None, force: bool) -> Path:
    """The file to write.

    Raises:
        ConfigError: the name or the file cannot be, or is taken.
    """
    from hwnas.core.configs import own_folder, shipped_names

    if name.startswith(("-", ".")) or name.lower().endswith(_YAML):
        raise ConfigError(
            f"'{name}' cannot be used with --device; choose a plain word, such as pixel"
        )
    if file is not None and not file.name.lower().endswith(_YAML):
        raise ConfigError(f"--file {file} must end with .yaml, by which --device knows a file")
    path = file or own_folder("devices") / f"{name}.yaml"
    if path.exists() and not force:
        raise ConfigError(f"{path} exists already; choose another name, or replace it with --force")
    if file is None and name in shipped_names("devices") and not force:
        raise ConfigError(
            f"{name} comes with hwnas; choose another name, or let yours take precedence with "
            "--force"
        )
    return path


def _reach(device: "Device", check: bool, output: Output) -> dict[str, Any]:
    """Shows the fingerprint, or says why it cannot be read; the same for machines."""
    from hwnas.cli.show_device import identity_document, show_identity
    from hwnas.latency.identity import read_identity

    if not check or not device.measurable:
        return {"reached": None, "problem": None, "identity": None}
    try:
        with output.progress(f"reaching {device.name}"):
            identity = read_identity(device)
    except DeviceError as error:
        output.say(f"{device.name} is kept, but cannot be used now: {error}")
        return {"reached": False, "problem": str(error), "identity": None}
    show_identity(output, device.name, identity)
    return {"reached": True, "problem": None, "identity": identity_document(identity)}
