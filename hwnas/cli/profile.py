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
            help="A search config (name, or path of a YAML file): its space, images, device, table."
        ),
    ] = None,
    space: Annotated[
        str | None, typer.Option("--space", help="Without a config: the space to measure.")
    ] = None,
    resolution: options.Resolution = None,
    classes: Annotated[
        int | None, typer.Option("--classes", min=2, help="Without a config: number of classes.")
    ] = None,
    data: options.Data = None,
    device: Annotated[
        list[str] | None,
        typer.Option(
            "--device",
            help="A device: one that 'hwnas devices list' names, or a YAML file; repeated, all are "
            "measured at once, each into its own table. (default: the config's)",
        ),
    ] = None,
    table: options.Table = None,
    settings: options.Settings = None,
    energy: Annotated[
        bool,
        typer.Option(
            "--energy", help="Also measure energies, on an NVIDIA GPU, as profile.energy does."
        ),
    ] = False,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            "--model",
            help="Instead of a space: an ONNX file, timed as it is; repeated, or with several "
            "devices, they are compared.",
        ),
    ] = None,
    shape: Annotated[
        list[str] | None,
        typer.Option(
            "--shape",
            help="With --model: the shape of an input whose axes are open, as in "
            "'input=1x3x224x224'; may be repeated.",
        ),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            help="With --model: the value of an input, where it matters: a number, numbers with "
            "commas, or a .npy file, as in 'sr=16000'; may be repeated. (default: random)",
        ),
    ] = None,
    operators: Annotated[
        bool,
        typer.Option("--operators/--no-operators", help="With --model: break it down by operator."),
    ] = True,
    as_json: options.Json = False,
) -> None:
    """Measure every distinct block of a space, and whole networks to check the sum of them.

    Interrupted, it keeps what it measured; run again, it measures what is missing. With --model,
    measure ONNX files from elsewhere instead, which go into no table. With several devices each has
    its own table; one that fails does not stop the others, and the exit code is 2.
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
        raise ConfigError("--shape, --input and --no-operators go with --model FILE.onnx; add it")
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
    run = options.open_run(
        config,
        None,
        output,
        data=data,
        resolution=resolution,
        table=table,
        settings=settings,
        device=devices[0] if len(devices) == 1 else None,
    )
    profile_space.profile_run(run, devices, energy=energy, output=output)
