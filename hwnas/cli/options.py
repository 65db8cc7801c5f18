"""The options that several commands share, and what they mean for a config."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hwnas.cli import completion
from hwnas.cli.numbers import NUMBERS, several_numbers
from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown

if TYPE_CHECKING:
    from hwnas.api.run import Run as OpenedRun
    from hwnas.cli.output import Output
    from hwnas.spaces import SearchSpace

Config = Annotated[
    str,
    typer.Argument(
        help="A config: a name under configs/searches, or a YAML file.",
        autocompletion=completion.configs,
    ),
]
Run = Annotated[Path | None, typer.Option("--run", help="The run folder. (default: runs/CONFIG)")]
RunArgument = Annotated[
    Path,
    typer.Argument(help="A run folder, such as runs/quickstart.", autocompletion=completion.runs),
]
Data = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="The images: a folder with a subfolder for each class, 'digits', or the name of an "
        "installed dataset. (default: the config's)",
    ),
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Refuse unreadable images instead of leaving them out."),
]
Resolution = Annotated[
    Any,
    typer.Option(
        "--resolution",
        parser=several_numbers(int, 8, 1024),
        metavar=NUMBERS,
        help="Height and width of the images in pixels; several, as in 96,128, are a choice of "
        "the search. (default: the config's)",
    ),
]
Width = Annotated[
    Any,
    typer.Option(
        "--width",
        parser=several_numbers(float, 0.1, 10),
        metavar=NUMBERS,
        help="Multiply the channels by this; several, as in 0.75,1, are a choice of the search.",
    ),
]
Choices = Annotated[
    str | None,
    typer.Option(
        "--choices",
        help="A file of the choices that stay, as 'hwnas shrink' writes it. (default: all do)",
    ),
]
ExpansionStep = Annotated[
    int | None,
    typer.Option(
        "--expansion-step",
        min=1,
        help="All widths of the inverted residuals that are multiples of so many channels, from "
        "the least to the most, such as 8. (default: the widths of the space)",
    ),
]
Budgets = Annotated[
    list[str] | None,
    typer.Option(
        "--budget",
        help="A hard limit, such as 'latency=12 ms' (s, ms, us), 'latency=80 % of reference', "
        "'latency@DEVICE=30 ms' (on a further device), 'macs=60 M' (K, M, G), 'params=2 M' (K, M), "
        "'file_size=4 MB' (KB, MB), 'peak_memory=2 MB' or 'energy=40 mJ' (mJ, J; on a GPU). May be "
        "repeated; replaces the budgets of the config.",
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        "--device",
        help="The device: a name that 'hwnas devices list' shows, or a YAML file. (default: the "
        "config's)",
        autocompletion=completion.devices,
    ),
]
Table = Annotated[
    str | None,
    typer.Option("--table", help="The latency table. (default: tables/DEVICE.sqlite)"),
]
FromOfa = Annotated[
    str | None,
    typer.Option(
        "--from-ofa",
        help="A once-for-all MobileNetV3 supernet to start from: the published file, or "
        ".safetensors. (default: the config's)",
    ),
]
Pretrained = Annotated[
    str | None,
    typer.Option(
        "--pretrained",
        help="A network to start from that has seen other images: a file of weights with the names "
        "of timm or torchvision, the folder of an exported network, or 'timm:NAME', which asks the "
        "package timm. (default: the config's)",
    ),
]
PretrainedNetwork = Annotated[
    str | None,
    typer.Option(
        "--pretrained-network",
        help="What the file of --pretrained holds, where it does not say, as in "
        "'timm/tf_mobilenet_v3_small'.",
    ),
]
FromSupernet = Annotated[
    str | None,
    typer.Option(
        "--from-supernet",
        help="A supernet to start from that was trained before: the supernet.safetensors that "
        "'hwnas train' wrote for the same space, or for the whole one that it was shrunk from. "
        "(default: the config's)",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Replace a key of the config, as in 'train.epochs=20'. May be repeated.",
    ),
]
Json = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON document on stdout and everything else on stderr."),
]

# Options whose names are not those of the keys that they set.
_OPTION_OF = {
    "data.source": "data",
    "data.strict": "strict",
    "from_ofa": "from-ofa",
    "from_supernet": "from-supernet",
    "pretrained.network": "pretrained-network",
    "search.budgets": "budget",
}
_SHARED: dict[str, tuple[Any, Any]] = {
    "config": (Config, inspect.Parameter.empty),
    "run": (Run, None),
    "data": (Data, None),
    "strict": (Strict, False),
    "resolution": (Resolution, None),
    "from_ofa": (FromOfa, None),
    "pretrained": (Pretrained, None),
    "pretrained_network": (PretrainedNetwork, None),
    "from_supernet": (FromSupernet, None),
    "budget": (Budgets, None),
    "device": (Device, None),
    "table": (Table, None),
    "settings": (Settings, None),
}


@dataclass(frozen=True)
class Given:
    """What a person gave of the options that several commands share."""

    config: str = ""
    run: Path | None = None
    data: str | None = None
    strict: bool = False
    resolution: int | list[int] | None = None
    from_ofa: str | None = None
    pretrained: str | None = None
    pretrained_network: str | None = None
    from_supernet: str | None = None
    budget: list[str] | None = None
    device: str | None = None
    table: str | None = None
    settings: list[str] | None = None

    def overrides(self) -> dict[str, Any]:
        """What the options replace in a config: values by dotted keys.

        Raises:
            ConfigError: an option is written wrongly, or given twice.
        """
        named: dict[str, Any] = {
            "data.source": self.data,
            "data.strict": self.strict or None,
            "resolution": self.resolution,
            "from_ofa": self.from_ofa,
            "pretrained": self.pretrained,
            "pretrained.network": self.pretrained_network,
            "from_supernet": self.from_supernet,
            "device": self.device,
            "table": self.table,
        }
        found = {key: value for key, value in named.items() if value is not None}
        if self.budget:
            pairs = [_pair("--budget", text, "latency=12 ms") for text in self.budget]
            for name, _ in pairs:
                if [other for other, _ in pairs].count(name) > 1:
                    raise ConfigError(f"--budget {shown(name)} is given twice; give it once")
            found["search.budgets"] = dict(pairs)
        values = parsed_settings(self.settings, "train.epochs=20")
        for key in values:
            if key in found:
                option = f"--{_OPTION_OF.get(key, key)}"
                raise ConfigError(f"--set {key} and {option} are both given; leave one of them out")
        return found | values

    def words(self, names: Sequence[str]) -> list[str]:
        """Those of some options that were given, as they are typed."""
        words: list[str] = []
        for name in names:
            option, value = f"--{name.replace('_', '-')}", getattr(self, name)
            if value is True:
                words.append(option)
            elif name in ("settings", "budget"):
                option = "--set" if name == "settings" else option
                words += [word for text in value or () for word in (option, text)]
            elif value not in (None, False):
                listed = value if isinstance(value, list) else [value]
                words += [option, ",".join(map(str, listed))]
        return words

    def open(self, output: "Output") -> "OpenedRun":
        """The run of the config, whose course the terminal shows.

        Raises:
            ConfigError: the config or an option is wrong.
            RunError: the folder is not of a run.
        """
        from hwnas.api.run import Run

        return Run.of_config(self.config, self.run, output, overrides=self.overrides())

    def one_space(self) -> "SearchSpace":
        """The search space of the config, with as many classes as its images have.

        Raises:
            ConfigError: the config or an option is wrong, or it has several resolutions or widths.
        """
        from hwnas.runs.opening import experiment_of, load_with
        from hwnas.spaces import SearchSpace

        found = experiment_of(self.config, load_with(self.config, self.overrides())).space
        if not isinstance(found, SearchSpace):
            raise ConfigError(
                f"{found.name} has {len(found.members)} resolutions and widths, and networks are "
                "timed by hand at one; name one with --resolution, and a copy of the config with "
                "one width"
            )
        return found


def shared(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Has a command take shared options, which it is called with as one `Given`.

    The command's first parameter is `given`; the options stand before its own in its help.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        def taking(**values: Any) -> None:
            given = Given(**{name: values.pop(name) for name in names})
            command(given, **values)

        _, *own = inspect.signature(command, eval_str=True).parameters.values()
        kind = inspect.Parameter.KEYWORD_ONLY
        taken = [
            inspect.Parameter(name, kind, default=default, annotation=annotation)
            for name, (annotation, default) in ((name, _SHARED[name]) for name in names)
        ]
        arguments = [one for one in (*taken, *own) if one.default is inspect.Parameter.empty]
        options = [one for one in (*taken, *own) if one.default is not inspect.Parameter.empty]
        parameters = [one.replace(kind=kind) for one in (*arguments, *options)]
        described: Any = taking
        described.__signature__ = inspect.Signature(parameters)
        described.__annotations__ = {one.name: one.annotation for one in parameters}
        described.__name__, described.__doc__ = command.__name__, command.__doc__
        return taking

    return decorate


def parsed_settings(
    settings: list[str] | None, example: str, option: str = "--set"
) -> dict[str, Any]:
    """The values of `--set KEY=VALUE` by key; `example` is one that may be written.

    Raises:
        ConfigError: one is not written like that.
    """
    from hwnas.core.yaml_text import parse_yaml

    pairs = [_pair(option, text, example) for text in settings or []]
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise ConfigError(f"{option} {shown(key)} is given twice; give it once")
        values[key] = parse_yaml(value, f"{option} {shown(key)}")
    return values


def _pair(option: str, text: str, example: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip() or not value.strip():
        raise ConfigError(f"{option} '{shown(text)}' must be written like {option} '{example}'")
    return key.strip(), value.strip()
