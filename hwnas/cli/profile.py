"""`hwnas profile`: a space measured on a device into a latency table, or one ONNX file."""

from pathlib import Path
from typing import Annotated

import typer

from hwnas.cli import options
from hwnas.cli.output import Output
from hwnas.core.errors import ConfigError

_EXAMPLES = ", as in 'hwnas profile quickstart', or an ONNX file by --model"


def profile(
    config: Annotated[
        str | None,
        typer.Argument(
            help="A search config (its name, or a YAML file): its space is measured, on its device."
        ),
    ] = None,
    space: Annotated[
        str | None, typer.Option("--space", help="Without a config: the space to measure.")
    ] = None,
    resolution: options.Resolution = None,
    classes: Annotated[
        int | None,
        typer.Option("--classes", min=2, help="Without a config: the number of classes."),
    ] = None,
    data: options.Data = None,
    device: Annotated[
        list[str] | None,
        typer.Option(
            "--device",
            help="The device: a name that 'hwnas devices list' shows, or a YAML file. Repeat it to "
            "measure on several devices at once, each into its own table. (default: the config's)",
        ),
    ] = None,
    table: options.Table = None,
    settings: options.Settings = None,
    energy: Annotated[
        bool,
        typer.Option(
            "--energy",
            help="Measure the energy per inference too, on an NVIDIA GPU (as profile.energy does).",
        ),
    ] = False,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            "--model",
            help="Time an ONNX file as it is, instead of a space. Repeat it, or --device, to "
            "compare.",
        ),
    ] = None,
    shape: Annotated[
        list[str] | None,
        typer.Option(
            "--shape",
            help="With --model: the shape of an input with open axes, as in 'input=1x3x224x224'. "
            "May be repeated.",
        ),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            help="With --model: the value of an input where it matters, "
            "as in 'sr=16000': a number, "
            "several with commas, or a .npy file. May be repeated. (default: random)",
        ),
    ] = None,
    operators: Annotated[
        bool,
        typer.Option(
            "--operators/--no-operators", help="With --model: show the time of each operator."
        ),
    ] = True,
    as_json: options.Json = False,
) -> None:
    """Measure a space on a device: every distinct block, and whole networks to check their sums.

    The timings go into a latency table, which searches read. Run it again to resume. With --model,
    time ONNX files from elsewhere instead; they go into no table. With several devices, one that
    fails does not stop the others, and the exit code is 2.
    """
    from hwnas.cli import profile_model, profile_space

    output = Output(as_json)
    devices = device or []
    if files:
        profile_model.refuse_others(
            {
                "a config": config,
                "--space": space,
                "--resolution": resolution,
                "--classes": classes,
                "--data": data,
                "--table": table,
                "--set": settings,
                "--energy": energy or None,
            }
        )
        profile_model.profile_files(
            files, shape or [], values or [], devices, operators=operators, output=output
        )
        return
    if shape or values or not operators:
        raise ConfigError(
            "--shape, --input and --no-operators go with --model; add --model FILE.onnx"
        )
    if len(devices) > 1 and table is not None:
        raise ConfigError(
            f"--table goes with one --device, and {len(devices)} are named; leave it out, or name "
            "one"
        )
    if (config is None) == (space is None):
        more = _EXAMPLES if config is None else ", not both"
        raise ConfigError(f"name a search config or a --space{more}")
    if config is None:
        if data is not None or settings:
            raise ConfigError("--data and --set go with a config, not with --space")
        profile_space.profile_alone(
            str(space),
            devices,
            resolution=resolution,
            classes=classes,
            table=table,
            energy=energy,
            output=output,
        )
        return
    if classes is not None:
        raise ConfigError("--classes goes with --space; a config takes them from its images")
    given = options.Given(
        config=config,
        data=data,
        resolution=resolution,
        table=table,
        settings=settings,
        device=devices[0] if len(devices) == 1 else None,
    )
    profile_space.profile_run(given.open(output), devices, energy=energy, output=output)
