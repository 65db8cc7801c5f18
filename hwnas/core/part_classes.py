"""Classes of a registry: the one of a name, or one that is given, if it can be used."""

from typing import Any, TypeVar, cast

from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.core.registry import Registry

Kind = TypeVar("Kind")


def class_of(registry: Registry[type[Kind]], part: str | type[Kind], base: type[Any]) -> type[Kind]:
    """The class of a name in a registry; a class is itself.

    Args:
        registry: whose classes have a `name`, that by which they are known.
        part: a name, or a class.
        base: what it is to be a subclass of, in the package above its own module.

    Raises:
        ConfigError: there is no such name, or an installed package's part or the class cannot be
            used.
    """
    found: object = registry.load(part) if isinstance(part, str) else part
    origin = f"'{part}' ({registry.origin(part)})" if isinstance(part, str) else shown(part)
    if not (isinstance(found, type) and issubclass(found, base)):
        fault = f"is no subclass of {base.__module__.rpartition('.')[0]}.{base.__name__}"
    elif not isinstance(name := getattr(found, "name", None), str):
        fault = "has no name"
    elif isinstance(part, str) and name != part:
        fault = f"has the name '{name}'; both names must be the same"
    elif lacking := sorted(getattr(found, "__abstractmethods__", ())):
        fault = f"does not define {' and '.join(lacking)}"
    else:
        return cast("type[Kind]", found)
    raise ConfigError(f"the {registry.what} {origin} {fault}; correct it")
