"""`hwnas profile`: a space measured on a device into a latency table, or one ONNX file."""

from pathlib import Path
from typing import Annotated

import typer

from devices.errors import ConfigError
from hwnas.cli import options
from hwnas.cli.output import Output


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
    device: options.Device = None,
    table: options.Table = None,
    settings: options.Settings = None,
    file: Annotated[
        Path | None,
        typer.Option("--model", help="Instead of a space: an ONNX file, timed as it is."),
    ] = None,
    shape: Annotated[
        list[str] | None,
        typer.Option(
            "--shape",
            help="With --model: the shape of an input whose axes are open, as in "
            "'input=1x3x224x224'; may be repeated.",
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
    measure one ONNX file from elsewhere instead, which goes into no table.
    """
    output = Output(as_json)
    if file is not None:
        from hwnas.cli.profile_model import profile_model, refuse_others

        refuse_others({"a config": config, "--space": space, "--resolution": resolution,
                       "--classes": classes, "--data": data, "--table": table,
                       "--set": settings})  # fmt: skip
        profile_model(file, shape or [], device, operators, output)
        return
    if shape or not operators:
        raise ConfigError("--shape and --no-operators go with --model FILE.onnx; add it")
    if config is not None and space is not None:
        raise ConfigError("name a search config or a --space, not both")
    if config is None and space is None:
        raise ConfigError(
            "name a search config or a --space, as in 'hwnas profile quickstart', or an ONNX file "
            "by --model"
        )
    if config is not None:
        if classes is not None:
            raise ConfigError("--classes goes with --space; a config takes them from its images")
        from hwnas.runs.experiment import Experiment

        loaded = options.load_config(
            config, data=data, resolution=resolution, device=device, table=table, settings=settings
        )
        experiment = Experiment(loaded)
        target, chosen, path, counts = (
            experiment.space, experiment.device, experiment.table_path, loaded.profile,
        )  # fmt: skip
    else:
        if data is not None or settings:
            raise ConfigError("--data and --set go with a config, not with --space")
        from devices.device import load_device
        from hwnas.runs.config import ProfileConfig
        from hwnas.runs.latencies import table_path
        from hwnas.spaces import load_space

        assert space is not None
        target = load_space(space, resolution=resolution, classes=classes)
        chosen = load_device(device or "local_cpu")
        path = table_path(table, chosen)
        counts = ProfileConfig()
    from hwnas.cli.show import show_model
    from hwnas.runs.profiling import profile_space

    with output.progress(f"measuring {target.name} on {chosen.name}") as update:
        model = profile_space(target, chosen, path, counts, update)
    document = show_model(output, path, target, model)
    output.document(document)
