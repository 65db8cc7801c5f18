"""Parts that are their own settings: found by name, and made from what a config says of them."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from hwnas.core.configs import StrictModel, parse_config
from hwnas.core.part_classes import class_of
from hwnas.core.registry import Registry


class Part(StrictModel):
    """Settings, and what is done by them."""

    name: ClassVar[str]
    """What configs call it."""


Kind = TypeVar("Kind", bound=Part)


def make_part(
    registry: Registry[type[Kind]],
    part: str | type[Kind],
    base: type[Any],
    settings: Mapping[str, Any] | None = None,
) -> Kind:
    """A part of a registry by its name or its class, its settings by name.

    Raises:
        ConfigError: there is no such part or setting.
    """
    found = class_of(registry, part, base)
    return parse_config(dict(settings or {}), found, found.name)
