"""What the arguments of the front door must be, refused in one sentence each."""

import math
from collections.abc import Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from hwnas.core.errors import BudgetError, ConfigError
from hwnas.latency.family import AnyModel, FamilyModel
from hwnas.latency.model import BlockModel
from hwnas.objectives.costs import cost_fault
from hwnas.spaces import Space

_ARTICLES = {"latency": "a latency model, of hwnas.profile or hwnas.load_latency"}
_ARTICLES["energy"] = "an energy model, of hwnas.load_energy"


def check_space(space: Any) -> None:
    """Refuses what is not a space.

    Raises:
        ConfigError: says how to make one.
    """
    if isinstance(space, Space):
        return
    name = repr(str(space)) if isinstance(space, str | Path) else "'mobilenet_v3_small'"
    raise ConfigError(
        f"the space must be a search space, as of hwnas.load_space({name}), and not of the type "
        f"{type(space).__name__}"
    )


def check_model(model: Any, kind: type[BlockModel], what: str) -> AnyModel:
    """A latency or an energy model, of this kind, or those of a family.

    Raises:
        ConfigError: it is something else; says where one is from.
    """
    if isinstance(model, kind | FamilyModel) and model.quantity is kind.quantity:
        return model
    raise ConfigError(
        f"{what} must be {_ARTICLES[kind.quantity.name]}, and not of the type "
        f"{type(model).__name__}"
    )


def check_objective(objective: Any) -> None:
    """Refuses what cannot be an objective.

    Raises:
        BudgetError: says what it lacks.
    """
    fault = cost_fault(objective, getattr(objective, "name", ""))
    if fault is not None:
        raise BudgetError(
            f"the objective {getattr(objective, 'name', objective)!r} {fault}; make one like "
            "hwnas.objectives.objective.AdditiveObjective"
        )


def check_count(value: Any, what: str, least: int = 1) -> None:
    """Refuses what is not a whole number from `least` on.

    Raises:
        ConfigError: names the argument.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ConfigError(f"{what} must be a whole number from {least:,} on, and is {value!r}")


def check_positive(value: Any, what: str) -> None:
    """Refuses what is not a positive number.

    Raises:
        ConfigError: names the argument.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < math.inf:
        raise ConfigError(f"{what} must be a positive number, and is {value!r}")


def a_sequence(given: Any, what: str) -> Sequence[Any]:
    """A list of things.

    Raises:
        ConfigError: it is something else.
    """
    if isinstance(given, Sequence) and not isinstance(given, str):
        return given
    raise ConfigError(f"{what} must be a list, and not of the type {type(given).__name__}")


def names_of(given: str | Sequence[str]) -> Sequence[str]:
    """A list of names; a text is one name."""
    return [given] if isinstance(given, str) else given
