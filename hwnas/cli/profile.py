"""`hwnas profile`: a space measured on a device into a latency table, or ONNX files timed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hwnas.cli import completion, options
from hwnas.cli.next_step import FASTER, Step, before_search, show_next
from hwnas.cli.output import Output
from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown

_EXAMPLES = ", as in 'hwnas profile quickstart', or an ONNX file by --model"

_Config = Annotated[
    str | None,
    typer.Argument(
        help="A search config (its name, or a YAML file): its space is measured, on its device.",
        autocompletion=completion.configs,
    ),
]
_Space = Annotated[
    str | None,
    typer.Option(
        "--space",
        help="Without a config: the space to measure.",
        autocompletion=completion.spaces,
    ),
]
_Classes = Annotated[
    int | None,
    typer.Option("--classes", min=2, help="Without a config: the number of classes."),
]
_Devices = Annotated[
    list[str] | None,
    typer.Option(
        "--device",
        help="The device: a name that 'hwnas devices list' shows, or a YAML file. Repeat it to "
        "measure on several devices at once, each into its own table. (default: the config's)",
        autocompletion=completion.devices,
    ),
]
_Energy = Annotated[
    bool,
    typer.Option(
        "--energy",
        help="Measure the energy per inference too, on an NVIDIA GPU (as profile.energy does).",
    ),
]
_NoBlocks = Annotated[
    bool,
    typer.Option(
        "--no-blocks",
        help="Measure whole networks alone, 300 of them, where no block can be timed by itself (as "
        "'profile.blocks: false' does).",
    ),
]
_RayAddress = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        help="A Ray cluster: 'auto' where this machine belongs to it, or HOST:PORT. A device that "
        "is a resource of one of its hosts ('device:NAME') is measured there, others from here.",
    ),
]
_Files = Annotated[
    list[Path] | None,
    typer.Option(
        "--model",
        help="Time an ONNX file as it is, instead of a space. Repeat it, or --device, to compare.",
    ),
]
_Shapes = Annotated[
    list[str] | None,
    typer.Option(
        "--shape",
        help="With --model: the shape of an input with open axes, as in 'input=1x3x224x224'. "
        "May be repeated.",
    ),
]
_Values = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        help="With --model: the value of an input where it matters, as in 'sr=16000': a number, "
        "several with commas, or a .npy file. May be repeated. (default: random)",
    ),
]
_Operators = Annotated[
    bool,
    typer.Option(
        "--operators/--no-operators", help="With --model: show the time of each operator."
    ),
]


@dataclass(frozen=True)
class _Given:
    """What a person gave; the names are those of the parameters of `profile`."""

    config: str | None
    space: str | None
    choices: str | None
    expansion_step: int | None
    resolution: int | list[int] | None
    classes: int | None
    data: str | None
    devices: list[str]
    table: str | None
    settings: list[str] | None
    pretrained: str | None
    pretrained_network: str | None
    energy: bool
    no_blocks: bool
    ray: str | None
    files: list[Path]
    shapes: list[str]
    values: list[str]
    operators: bool


def profile(
    config: _Config = None,
    space: _Space = None,
    choices: options.Choices = None,
    expansion_step: options.ExpansionStep = None,
    resolution: options.Resolution = None,
    classes: _Classes = None,
    data: options.Data = None,
    device: _Devices = None,
    table: options.Table = None,
    settings: options.Settings = None,
    pretrained: options.Pretrained = None,
    pretrained_network: options.PretrainedNetwork = None,
    energy: _Energy = False,
    no_blocks: _NoBlocks = False,
    ray: _RayAddress = None,
    files: _Files = None,
    shape: _Shapes = None,
    values: _Values = None,
    operators: _Operators = True,
    as_json: options.Json = False,
) -> None:
    """Measure a space on a device: every distinct block, and whole networks to check their sums.

    The timings go into a latency table, which searches read. Run it again to resume. With --model,
    time ONNX files from elsewhere instead; they go into no table. With several devices, one that
    fails does not stop the others, and the exit code is 2. With --ray, devices of other machines
    are measured by these.
    """
    given = _Given(
        config=config,
        space=space,
        choices=choices,
        expansion_step=expansion_step,
        resolution=resolution,
        classes=classes,
        data=data,
        devices=device or [],
        table=table,
        settings=settings,
        pretrained=pretrained,
        pretrained_network=pretrained_network,
        energy=energy,
        no_blocks=no_blocks,
        ray=ray,
        files=files or [],
        shapes=shape or [],
        values=values or [],
        operators=operators,
    )
    output = Output(as_json)
    if given.files:
        _profile_files(given, output)
        return
    _check_space_options(given)
    if given.config is not None:
        _profile_config(given, given.config, output)
    elif given.space is not None:
        _profile_space(given, given.space, output)


def _profile_files(given: _Given, output: Output) -> None:
    from hwnas.cli.compare_models import compare_models
    from hwnas.cli.profile_model import profile_model, refuse_others

    refuse_others(
        {
            "a config": given.config,
            "--space": given.space,
            "--choices": given.choices,
            "--expansion-step": given.expansion_step,
            "--resolution": given.resolution,
            "--classes": given.classes,
            "--data": given.data,
            "--table": given.table,
            "--set": given.settings,
            "--pretrained": given.pretrained,
            "--pretrained-network": given.pretrained_network,
            "--energy": given.energy or None,
            "--no-blocks": given.no_blocks or None,
            "--ray": given.ray,
        }
    )
    shapes, values, devices = given.shapes, given.values, given.devices
    if len(given.files) > 1 or len(devices) > 1:
        compare_models(list(map(str, given.files)), shapes, values, devices, output=output)
    else:
        device = devices[0] if devices else None
        profile_model(given.files[0], shapes, values, device, given.operators, output)
    show_next(output, FASTER)


def _check_space_options(given: _Given) -> None:
    """Refuses what measuring a space, of a config or alone, has no use for."""
    if given.shapes or given.values or not given.operators:
        raise ConfigError(
            "--shape, --input and --no-operators go with --model; add --model FILE.onnx"
        )
    if len(given.devices) > 1 and given.table is not None:
        raise ConfigError(
            f"--table goes with one --device, and {len(given.devices)} are named; leave it out, or "
            "name one"
        )
    if (given.config is None) == (given.space is None):
        more = _EXAMPLES if given.config is None else ", not both"
        raise ConfigError(f"name a search config or a --space{more}")


def _profile_config(given: _Given, config: str, output: Output) -> None:
    from hwnas.cli.profile_space import profile_run

    if given.classes is not None:
        raise ConfigError("--classes goes with --space; a config takes them from its images")
    if given.choices is not None:
        raise ConfigError(
            "--choices goes with --space; of a config they are a key, as in --set "
            f"space.choices={shown(given.choices)}"
        )
    if given.expansion_step is not None:
        raise ConfigError(
            "--expansion-step goes with --space; of a config it is a key, as in --set "
            f"space.expansion_step={given.expansion_step}"
        )
    shared = options.Given(
        config=config,
        data=given.data,
        resolution=given.resolution,
        table=given.table,
        settings=given.settings,
        pretrained=given.pretrained,
        pretrained_network=given.pretrained_network,
        device=given.devices[0] if len(given.devices) == 1 else None,
    )
    opened = shared.open(output)
    blocks = False if given.no_blocks else None
    profile_run(
        opened, given.devices, energy=given.energy, blocks=blocks, ray=given.ray, output=output
    )
    show_next(output, before_search(opened, shared))


def _profile_space(given: _Given, space: str, output: Output) -> None:
    from hwnas.cli.profile_space import profile_alone

    if given.data is not None or given.settings:
        raise ConfigError("--data and --set go with a config, not with --space")
    if given.pretrained is not None or given.pretrained_network is not None:
        raise ConfigError(
            "--pretrained goes with a config, not with --space; 'hwnas profile pretrained "
            "--pretrained FILE' measures the space around a pretrained network"
        )
    profile_alone(
        space,
        given.choices,
        given.expansion_step,
        given.devices,
        resolution=given.resolution,
        classes=given.classes,
        table=given.table,
        energy=given.energy,
        blocks=False if given.no_blocks else None,
        ray=given.ray,
        output=output,
    )
    show_next(output, Step("hwnas init", "a config of yours, to search in it"))
