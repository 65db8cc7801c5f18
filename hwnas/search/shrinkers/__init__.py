"""Shrinkers by name: ours, and those of installed packages (entry points `hwnas.shrinkers`).

A shrinker is one file and one line here; its module is imported when it is asked for.
"""

from collections.abc import Mapping
from typing import Any

from hwnas.core.configs import parse_config
from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.core.registry import Registry
from hwnas.search.problem import SearchProblem
from hwnas.search.shrinkers.shrinker import Shrinker, Stage, Weak

__all__ = ["SHRINKERS", "Shrinker", "Stage", "Weak", "make_shrinker", "shrinker_class"]

_HERE = "hwnas.search.shrinkers"

SHRINKERS: Registry[type[Shrinker]] = Registry(
    "shrinker",
    "hwnas.shrinkers",
    {
        "pad_nas": f"{_HERE}.pad_nas:FrequencyShrinker",
        "da_nas": f"{_HERE}.da_nas:MeanShrinker",
        "neas": f"{_HERE}.neas:PotentialShrinker",
        "ddpnas": f"{_HERE}.ddpnas:PermutationShrinker",
    },
)


def shrinker_class(shrinker: str | type[Shrinker]) -> type[Shrinker]:
    """The shrinker of a name; a class is itself.

    Raises:
        ConfigError: there is no such shrinker, or an installed package's or a class is none.
    """
    found: object = SHRINKERS.load(shrinker) if isinstance(shrinker, str) else shrinker
    named = f"'{shrinker}' ({SHRINKERS.origin(shrinker)})" if isinstance(shrinker, str) else ""
    if not (isinstance(found, type) and issubclass(found, Shrinker)):
        fault = "is no subclass of hwnas.search.shrinkers.Shrinker"
    elif not isinstance(getattr(found, "name", None), str):
        fault = "has no name"
    elif isinstance(shrinker, str) and found.name != shrinker:
        fault = f"has the name '{found.name}'; both names must be the same"
    elif lacking := sorted(found.__abstractmethods__):
        fault = f"does not define {' and '.join(lacking)}"
    else:
        return found
    raise ConfigError(f"the shrinker {named or shown(shrinker)} {fault}; correct it")


def make_shrinker(
    shrinker: str | type[Shrinker],
    problem: SearchProblem,
    seed: int,
    settings: Mapping[str, Any] | None = None,
) -> Shrinker:
    """A shrinker by its name or its class, its settings by name.

    Raises:
        ConfigError: there is no such shrinker or setting.
    """
    found = shrinker_class(shrinker)
    chosen = parse_config(dict(settings or {}), found.settings_model, found.name)
    return found(problem, seed, chosen)
