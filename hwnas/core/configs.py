"""Reading the YAML files that a person edits: found by name, checked strictly, with hints."""

from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from hwnas.core import home
from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.core.spelling import nearest
from hwnas.core.yaml_text import parse_yaml


class StrictModel(BaseModel):
    """Base of every config: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _without_tilde(text: str) -> str:
    try:
        return str(Path(text).expanduser()) if text.startswith("~") else text
    except RuntimeError as error:  # a user who has no home, or who is not there
        raise ValueError(f"'{shown(text)}': no home folder is known for it") from error


LocalPath = Annotated[str, AfterValidator(_without_tilde)]
"""A path on this machine, or a name that stands in its place; `~` is the home folder."""

FOLDER_VARIABLE = "HWNAS_CONFIG"
# Those that a person may add to: a device is a thing that a person has.
_WITH_OWN = ("devices",)
_SINGULAR = {"devices": "device", "spaces": "space", "searches": "search config"}
# What pydantic adds to the path of a wrong value that may be of several types.
ONE, SEVERAL = "one value", "several values"
_TYPES = ("str", "int", "float", "bool", ONE, SEVERAL)

Config = TypeVar("Config", bound=StrictModel)


def config_folder(kind: str) -> Path:
    """The folder of the shipped configs of one kind: "devices", "spaces" or "searches"."""
    return Path(__file__).parents[1] / "configs" / kind


def own_folder(kind: str) -> Path:
    """Where a person's own configs of one kind are: in `$HWNAS_CONFIG`, or `~/.config/hwnas`.

    Raises:
        ConfigError: the user has no home folder.
    """
    found = _own_folder(kind)
    if found is None:
        raise ConfigError(
            f"no home folder is known, in which your own {kind} are; name a folder for them in the "
            f"environment variable {FOLDER_VARIABLE}, or give a file"
        )
    return found


def _own_folder(kind: str) -> Path | None:
    import platformdirs  # here, because no agent and few commands need it

    found = home.own_folder(
        FOLDER_VARIABLE, lambda: platformdirs.user_config_path("hwnas"), ".config"
    )
    return None if found is None else found / kind


def shipped_names(kind: str) -> list[str]:
    """The names of the shipped configs of one kind, sorted."""
    return _names(config_folder(kind))


def own_names(kind: str) -> list[str]:
    """The names of a person's own configs of one kind, sorted."""
    folder = _own_folder(kind) if kind in _WITH_OWN else None
    return [] if folder is None else _names(folder)


def config_names(kind: str) -> list[str]:
    """The names of all configs of one kind, a person's own and the shipped ones, sorted."""
    return sorted({*own_names(kind), *shipped_names(kind)})


def find_config(kind: str, name: str) -> Path:
    """The file of a config given by name (`mobilenet_v2`) or by path (`my/space.yaml`).

    A person's own device is found before a shipped one of the same name.

    Raises:
        ConfigError: there is no such file or name.
    """
    if name.lower().endswith((".yaml", ".yml")) or "/" in name:
        return _existing(Path(name).expanduser() if name.startswith("~") else Path(name))
    folder = _own_folder(kind) if kind in _WITH_OWN else None
    if folder is not None and (own := folder / f"{name}.yaml").is_file():
        return own
    path = config_folder(kind) / f"{name}.yaml"
    if path.is_file():
        return path
    if Path(name).is_file():
        raise ConfigError(f"{shown(name)} is not a YAML file; give one whose name ends with .yaml")
    known = [f"known: {', '.join(shipped_names(kind))}"]
    if mine := own_names(kind):
        known.append(f"your own: {', '.join(mine)}")
    raise ConfigError(
        f"there is no {_SINGULAR[kind]} named '{shown(name)}'{nearest(name, config_names(kind))} "
        f"({'; '.join(known)}, or the path of a .yaml file)"
    )


def _existing(path: Path) -> Path:
    if path.is_fifo():
        raise ConfigError(
            f"{shown(path)} is a pipe, and a config is read more than once; write it to a file "
            "whose name ends with .yaml, and name that"
        )
    if not path.is_file():
        raise ConfigError(f"there is no file {shown(path)}")
    return path


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.yaml"))


# What pydantic says in words of its own, by its error types.
_WANTED = {
    "tuple_type": "must be a list, as in [a, b]",
    "list_type": "must be a list, as in [a, b]",
    "too_short": "must name at least one",
    "dict_type": "must hold keys and values, as in {key: value}",
    "model_type": "must hold keys and values, as in {key: value}",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "string_pattern_mismatch": "must be one word of letters, digits and signs like _ and -",
}


def read_config(path: Path, model: type[Config]) -> Config:
    """Reads and validates one YAML file.

    Raises:
        ConfigError: unreadable file, wrong YAML, unknown key, wrong value; the message names
            the file, the key and how to fix it.
    """
    return parse_config(read_content(path), model, shown(path))


def read_content(path: Path) -> dict[str, Any]:
    """The keys and values of one YAML file, for `parse_config`.

    Raises:
        ConfigError: unreadable file, or wrong YAML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"cannot read {shown(path)}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"cannot read {shown(path)}: it is not UTF-8 (byte {error.start}); save it as UTF-8"
        ) from error
    content = parse_yaml(text, shown(path))
    if not isinstance(content, dict):
        raise ConfigError(f"{shown(path)} must hold keys and values, like 'name: value'")
    return content


def parse_config(content: dict[str, Any], model: type[Config], source: str) -> Config:
    """Validates the content of a config; `source` names it in messages.

    Raises:
        ConfigError: unknown key or wrong value.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise ConfigError(f"{source}: {_sentence(error, model)}") from error
    except RecursionError as error:
        raise ConfigError(f"{source} is nested too deeply") from error


def _sentence(error: ValidationError, model: type[BaseModel]) -> str:
    # A misspelt key also lacks the one that was meant: what is there is named before what is not.
    # A list whose items are wrong is also too short.
    places = [one["loc"] for one in error.errors()]
    first, *others = sorted(
        error.errors(),
        key=lambda one: (
            any(len(place) > len(one["loc"]) == _common(place, one["loc"]) for place in places),
            one["type"] == "missing",
        ),
    )
    path = _keys(first["loc"])
    key = shown(".".join(str(part) for part in path) or "the file")
    if first["type"] == "extra_forbidden":
        known = _keys_at(model, path[:-1])
        prefix = "".join(f"{part}." for part in path[:-1])
        hint = nearest(str(path[-1]), known, prefix)
        return f"unknown key '{key}'{hint} (known: {', '.join(known)})"
    if first["type"] == "missing":
        return f"the key '{key}' is missing"
    if first["type"] == "value_error":  # of no key when several together are wrong
        sentence = shown(first["ctx"]["error"], longest=2_000)
        return f"{key}: {sentence}" if path else sentence
    message = _WANTED.get(first["type"]) or first["msg"][0].lower() + first["msg"][1:]
    if first["type"] == "too_short" and (least := first["ctx"]["min_length"]) > 1:
        message = f"must name at least {least}"
    # Of a value that may be a number or one of some words.
    words = [
        o["ctx"]["expected"]
        for o in others
        if o["type"] == "literal_error" and _keys(o["loc"]) == path
    ]
    message += "".join(f" or {word}" for word in words)
    return f"'{key}' is {shown(repr(first['input']))}, but {message}"


def _common(one: tuple[int | str, ...], other: tuple[int | str, ...]) -> int:
    """How many keys two places have in common, from the first on."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _keys(place: tuple[int | str, ...]) -> list[int | str]:
    """The path of a wrong value, as it is written in the file."""
    return [
        part
        for part in place
        if part not in _TYPES and not str(part).startswith(("constrained-", "literal["))
    ]


def _keys_at(model: type[BaseModel], path: list[int | str]) -> list[str]:
    current: Any = model
    for part in path:
        if isinstance(part, int):
            continue
        current = _model_of(current.model_fields[str(part)].annotation)
        if current is None:
            return []
    return sorted(current.model_fields)


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_of(argument)
        if found is not None:
            return found
    return None
