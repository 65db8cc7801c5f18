"""Parts as a config names them: by their name, or by {their name: their settings}."""

from typing import Any, TypeAlias

PartText: TypeAlias = str | dict[str, dict[str, Any]]


def one_part(value: Any, what: str, key: str, example: str, setting: str) -> Any:
    """A part in its shortest spelling, for a validator of a config.

    Args:
        value: as it is written.
        what: the kind of part, for the message.
        key: of the config.
        example: the name of one.
        setting: of that, as in "explore: 0.5".

    Raises:
        ValueError: it is neither a name nor one name with settings.
    """
    if isinstance(value, str):
        return value
    settings = list(value.values()) if isinstance(value, dict) else []
    if not (len(settings) == 1 and isinstance(settings[0], dict | None)):
        raise ValueError(
            f"name one {what}, as in '{key}: {example}', or one with settings, as in '{key}: "
            f"{{{example}: {{{setting}}}}}'"
        )
    (name,) = value
    return value if settings[0] else name


def named(part: PartText) -> tuple[str, dict[str, Any]]:
    """The name of a part, and its settings."""
    if isinstance(part, str):
        return part, {}
    ((name, settings),) = part.items()
    return name, settings
