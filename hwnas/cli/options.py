"""The options that several commands share, and what they mean for a config."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown

if TYPE_CHECKING:
    from hwnas.api.run import Run as OpenedRun
    from hwnas.cli.output import Output
    from hwnas.spaces import SearchSpace

Config = Annotated[
    str,
    typer.Argument(help="A config: a name under configs/searches, or the path of a YAML file."),
]
Run = Annotated[Path | None, typer.Option("--run", help="The run folder. (default: runs/<config>)")]
RunArgument = Annotated[Path, typer.Argument(help="A run folder, as in runs/quickstart.")]
Data = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="A folder of class/name.jpg images, 'digits', or the name of an installed dataset "
        "(docs/guides/images.md). (default: the config's)",
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Refuse unreadable images instead of skipping them.")
]
Resolution = Annotated[
    int | None,
    typer.Option(
        "--resolution",
        min=8,
        max=1024,
        help="Height and width of the images, in pixels. (default: the config's)",
    ),
]
Budgets = Annotated[
    list[str] | None,
    typer.Option(
        "--budget",
        help="A hard limit: 'latency=12 ms' (s, ms, us), 'macs=60 M' (K, M, G), 'params=2 M', "
        "'file_size=4 MB' (KB, MB), 'peak_memory=2 MB', 'latency@DEVICE=30 ms' (a further device), "
        "'energy=40 mJ' (mJ, J; on a GPU), "
        "or 'latency=80 % of reference'; may be repeated, replaces the config's.",
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        "--device",
        help="A device: one that 'hwnas devices list' names, or a YAML file. (default: the "
        "config's)",
    ),
]
Table = Annotated[
    str | None,
    typer.Option("--table", help="The latency table. (default: tables/<device>.sqlite)"),
]
FromOfa = Annotated[
    str | None,
    typer.Option(
        "--from-ofa",
        help="A once-for-all MobileNetV3 supernet to start from, as published or as .safetensors. "
        "(default: the config's)",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="Replaces a key of the config, as in 'train.epochs=20'; may be repeated."
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout, all else on stderr.")
]


# Options whose names are not those of the keys that they set.
_OPTION_OF = {
    "data.source": "data",
    "data.strict": "strict",
    "from_ofa": "from-ofa",
    "search.budgets": "budget",
}


def overrides(
    *,
    data: str | None = None,
    strict: bool = False,
    resolution: int | None = None,
    from_ofa: str | None = None,
    budgets: list[str] | None = None,
    device: str | None = None,
    table: str | None = None,
    settings: list[str] | None = None,
) -> dict[str, Any]:
    """What a command's options replace in a config: values by dotted keys.

    Raises:
        ConfigError: an option is written wrongly, or given twice.
    """
    named: dict[str, Any] = {
        "data.source": data,
        "data.strict": strict or None,
        "resolution": resolution,
        "from_ofa": from_ofa,
        "device": device,
        "table": table,
    }
    found = {key: value for key, value in named.items() if value is not None}
    if budgets:
        pairs = [_pair("--budget", text, "latency=12 ms") for text in budgets]
        for name, _ in pairs:
            if [other for other, _ in pairs].count(name) > 1:
                raise ConfigError(f"--budget {shown(name)} is given twice; give it once")
        found["search.budgets"] = dict(pairs)
    values = parsed_settings(settings, "train.epochs=20")
    for key in values:
        if key in found:
            option = f"--{_OPTION_OF.get(key, key)}"
            raise ConfigError(f"--set {key} and {option} are both given; leave one of them out")
    return found | values


def open_run(config: str, run: Path | None, output: "Output", **given: Any) -> "OpenedRun":
    """The run of a command's config, whose course the terminal shows.

    Args:
        config: as the command names it.
        run: its folder, if the command names one.
        output: the terminal.
        given: the options that change the config, see `overrides`.

    Raises:
        ConfigError: the config or an option is wrong.
        RunError: the folder is not of a run.
    """
    from hwnas.api.run import Run

    return Run.of_config(config, run, output, overrides=overrides(**given))


def space_of(config: str, **given: Any) -> "SearchSpace":
    """The search space of a config, with as many classes as its images have.

    Raises:
        ConfigError: the config or an option is wrong.
    """
    from hwnas.runs.opening import experiment_of, load_with

    return experiment_of(config, load_with(config, overrides(**given))).space


def parsed_settings(settings: list[str] | None, example: str) -> dict[str, Any]:
    """The values of `--set KEY=VALUE` by key; `example` is one that may be written.

    Raises:
        ConfigError: one is not written like that.
    """
    from hwnas.core.yaml_text import parse_yaml

    pairs = [_pair("--set", text, example) for text in settings or []]
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise ConfigError(f"--set {shown(key)} is given twice; give it once")
        values[key] = parse_yaml(value, f"--set {shown(key)}")
    return values


def _pair(option: str, text: str, example: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip() or not value.strip():
        raise ConfigError(f"{option} '{shown(text)}' must be written like {option} '{example}'")
    return key.strip(), value.strip()
