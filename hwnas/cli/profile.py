"""`hwnas profile`: a space measured on a device, into a latency table."""

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
    as_json: options.Json = False,
) -> None:
    """Measure every distinct block of a space, and whole networks to check the sum of them.

    Interrupted, it keeps what it measured; run again, it measures what is missing.
    """
    from hwnas.cli.show import show_model

    output = Output(as_json)
    if config is not None and space is not None:
        raise ConfigError("name a search config or a --space, not both")
    if config is None and space is None:
        raise ConfigError("name a search config or a --space, as in 'hwnas profile quickstart'")
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
        from hwnas.runs.experiment import table_path
        from hwnas.spaces import load_space

        assert space is not None
        target = load_space(space, resolution=resolution, classes=classes)
        chosen = load_device(device or "local_cpu")
        path = table_path(table, chosen)
        counts = ProfileConfig()
    from hwnas.runs.profiling import profile_space

    with output.progress(f"measuring {target.name} on {chosen.name}") as update:
        model = profile_space(target, chosen, path, counts, update)
    document = show_model(output, path, target, model)
    output.document(document)
