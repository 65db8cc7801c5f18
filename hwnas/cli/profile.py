"""`hwnas profile`: a space measured on a device into a latency table, or one ONNX file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hwnas.cli import options
from hwnas.cli.output import Output
from hwnas.core.errors import BudgetError, ConfigError

if TYPE_CHECKING:
    from hwnas.runs.config import RunConfig
    from hwnas.runs.experiment import Experiment


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
    output = Output(as_json)
    devices = device or []
    single = devices[0] if devices else None
    if files:
        from hwnas.cli.profile_model import compare_models, profile_model, refuse_others

        refuse_others(
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
        if len(files) > 1 or len(devices) > 1:
            compare_models(files, shape or [], values or [], devices, output)
        else:
            profile_model(files[0], shape or [], values or [], single, operators, output)
        return
    if shape or values or not operators:
        raise ConfigError("--shape, --input and --no-operators go with --model FILE.onnx; add it")
    if len(devices) > 1 and table is not None:
        raise ConfigError(
            f"--table goes with one --device, and {len(devices)} are named; leave it out, or name "
            "one"
        )
    if config is not None and space is not None:
        raise ConfigError("name a search config or a --space, not both")
    if config is None and space is None:
        raise ConfigError(
            "name a search config or a --space, as in 'hwnas profile quickstart', or an ONNX file "
            "by --model"
        )
    loaded: RunConfig | None = None
    experiment: Experiment | None = None
    if config is not None:
        if classes is not None:
            raise ConfigError("--classes goes with --space; a config takes them from its images")
        loaded = options.load_config(
            config,
            data=data,
            resolution=resolution,
            table=table,
            settings=settings,
            device=single if len(devices) == 1 else None,
        )
        experiment = options.experiment_of(config, loaded)
        target, counts = experiment.space, loaded.profile
    else:
        if data is not None or settings:
            raise ConfigError("--data and --set go with a config, not with --space")
        from hwnas.runs.config import ProfileConfig
        from hwnas.spaces import load_space

        assert space is not None
        target = load_space(space, resolution=resolution, classes=classes)
        counts = ProfileConfig()
    if energy:
        counts = counts.model_copy(update={"energy": True})
    if len(devices) > 1:
        from hwnas.cli.profile_fleet import profile_devices

        profile_devices(target, devices, experiment, counts, output)
        return
    from hwnas.cli.reach import check_budgets
    from hwnas.cli.show import energy_of_table, show_model
    from hwnas.cli.visit_warnings import show_warnings
    from hwnas.devices.device import load_device
    from hwnas.latency.energy import check_energy
    from hwnas.latency.readings import disturbance
    from hwnas.latency.table import LatencyTable
    from hwnas.latency.visits import warning_shares
    from hwnas.runs.latencies import table_path
    from hwnas.runs.profiling import profile_space

    chosen = experiment.device if experiment else load_device(single or "local_cpu")
    path = experiment.table_path if experiment else table_path(table, chosen)
    if counts.energy:
        check_energy(chosen)  # before anything is measured
    if loaded is not None:
        try:
            check_budgets(output, loaded, target, chosen, path)
        except BudgetError as error:  # the table serves other budgets, too
            output.warn(f"warning: {error}")
    with output.progress(f"measuring {target.name} on {chosen.name}", "visits") as update:
        model = profile_space(target, chosen, path, counts, update)
    document = show_model(output, path, target, model)
    if counts.energy:
        document["energy_model"] = energy_of_table(output, path, target)
    with LatencyTable.existing(path) as opened:
        visits = opened.visits()
    shares, document["disturbed"] = warning_shares(visits), disturbance(visits)
    show_warnings(output, shares, document["disturbed"])
    document["warning_shares"] = shares
    output.document(document)
