"""Shrinkers by name: ours, and those of installed packages (entry points `hwnas.shrinkers`).

A shrinker is one file and one line here; its module is imported when it is asked for.
"""

from collections.abc import Mapping
from typing import Any

from hwnas.core.configs import parse_config
from hwnas.core.part_classes import class_of
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
    return class_of(SHRINKERS, shrinker, Shrinker)


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
