"""Searchers by name: ours, and those of installed packages (entry points `hwnas.searchers`).

A searcher is one file and one line here; its module is imported when it is asked for. Every policy
is a searcher, too.
"""

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np

from hwnas.core.configs import StrictModel, parse_config
from hwnas.core.errors import ConfigError
from hwnas.core.foreign_text import shown
from hwnas.search.mode import ASYNCHRONOUS, SYNCHRONOUS, Mode
from hwnas.search.policies import POLICIES, Policy, policy_class
from hwnas.search.problem import SearchProblem
from hwnas.search.searchers.registry import SearcherRegistry, of_policy
from hwnas.search.searchers.searcher import Searcher

__all__ = [
    "OF_KNOWN_SCORES",
    "SEARCHERS",
    "USUAL",
    "Searcher",
    "check_mode",
    "costs_asked",
    "is_asynchronous",
    "make_searcher",
    "needs_known_score",
    "searcher_class",
    "searcher_settings",
]

_HERE = "hwnas.search.searchers"

SEARCHERS = SearcherRegistry(
    {
        "surrogate": f"{_HERE}.surrogate:SurrogateSearch",
        "layernas": f"{_HERE}.layernas:LayerNAS",
        "nsga2": f"{_HERE}.pymoo_algorithms:NSGA2Search",
        "nsga3": f"{_HERE}.pymoo_algorithms:NSGA3Search",
        "unsga3": f"{_HERE}.pymoo_algorithms:UNSGA3Search",
        "smsemoa": f"{_HERE}.pymoo_algorithms:SMSEMOASearch",
        "rvea": f"{_HERE}.pymoo_algorithms:RVEASearch",
        "ctaea": f"{_HERE}.pymoo_algorithms:CTAEASearch",
        "spea2": f"{_HERE}.pymoo_algorithms:SPEA2Search",
        "two_stage": f"{_HERE}.two_stage:TwoStage",
        "around": f"{_HERE}.around:AroundSearch",
        "evolution": f"{_HERE}.evolution:Evolution",
        "l2nas": f"{_HERE}.l2nas:L2NAS",
        "annealing": f"{_HERE}.annealing:Annealing",
        "local": f"{_HERE}.local_search:LocalSearch",
        "random": f"{_HERE}.random_search:RandomSearch",
        "exact_front": f"{_HERE}.exact_front:FrontSearch",
    },
)

USUAL = ("surrogate", 200)
"""The searcher, and how many networks it may judge, where nothing else is said."""
OF_KNOWN_SCORES = ("exact_front", 5000)
"""The same where scores cost nothing: these are searched as a whole, and not rationed."""

# Of ours, so that reading a config imports none of them.
_OF_KNOWN_SCORES = ("exact_front",)
_ASYNCHRONOUS = (
    "surrogate",
    "around",
    "evolution",
    "l2nas",
    "annealing",
    "local",
    "random",
    *POLICIES.ours,
)


def searcher_class(searcher: str | type[Searcher] | type[Policy]) -> type[Searcher]:
    """The searcher of a name; a class is itself, or the search by a policy.

    Raises:
        ConfigError: there is no such searcher, or an installed package's or a class is none.
    """
    if isinstance(searcher, type) and issubclass(searcher, Policy):
        return of_policy(policy_class(searcher))
    if not isinstance(searcher, str):
        return _checked(searcher)
    found: object = SEARCHERS.load(searcher)
    if not (isinstance(found, type) and issubclass(found, Searcher)):
        fault = "is no subclass of hwnas.search.searchers.Searcher"
    elif getattr(found, "name", None) != searcher:
        fault = f"has the name '{getattr(found, 'name', '')}'; both names must be the same"
    else:
        return found
    origin = SEARCHERS.origin(searcher)
    raise ConfigError(f"the searcher '{searcher}' ({origin}) {fault}; correct that package")


def _checked(searcher: object) -> type[Searcher]:
    """A searcher class that was given in place of a name.

    Raises:
        ConfigError: it is none, or lacks what a search needs of it.
    """
    if not (isinstance(searcher, type) and issubclass(searcher, Searcher)):
        raise ConfigError(
            f"the searcher {shown(searcher)} is neither a name nor a subclass of "
            "hwnas.search.searchers.Searcher; give one of the two"
        )
    lacking = sorted(getattr(searcher, "__abstractmethods__", ()))
    if not isinstance(getattr(searcher, "name", None), str):
        lacking = ["name", *lacking]
    if lacking:
        raise ConfigError(
            f"the searcher class {searcher.__name__} does not define {' and '.join(lacking)}; "
            "define it"
        )
    return searcher


def needs_known_score(name: str) -> bool:
    """Whether a searcher works on a score that costs nothing to compute, and on no other.

    Raises:
        ConfigError: there is no such searcher.
    """
    if name in SEARCHERS.ours:
        return name in _OF_KNOWN_SCORES
    return searcher_class(name).needs_known_score


def is_asynchronous(searcher: str | type[Searcher]) -> bool:
    """Whether a searcher can be asked while it waits for scores.

    Raises:
        ConfigError: there is no such searcher.
    """
    if isinstance(searcher, str) and searcher in SEARCHERS.ours:
        return searcher in _ASYNCHRONOUS
    return searcher_class(searcher).asynchronous is not None


def check_mode(searcher: str | type[Searcher], mode: Mode) -> None:
    """Refuses a mode in which a searcher cannot search.

    Raises:
        ConfigError: there is no such mode or searcher, or the searcher needs all scores of a
            question before the next.
    """
    if mode not in get_args(Mode):
        raise ConfigError(f"mode is {mode!r}; write {' or '.join(get_args(Mode))}")
    if mode == SYNCHRONOUS:
        return
    if not is_asynchronous(searcher):
        name = searcher if isinstance(searcher, str) else searcher.name
        raise ConfigError(
            f"{name} cannot search asynchronously: it needs all scores of a question before the "
            f"next; name {', '.join(_ASYNCHRONOUS[:-1])} or {_ASYNCHRONOUS[-1]}, or leave mode out"
        )


def searcher_settings(
    searcher: str | type[Searcher], given: Mapping[str, Any], mode: Mode = SYNCHRONOUS
) -> StrictModel:
    """The settings of a searcher, what is not given at its default in a mode.

    Raises:
        ConfigError: there is no such searcher, or it has no such setting or not with this value.
    """
    found = searcher_class(searcher)
    if not isinstance(given, Mapping):
        raise ConfigError(f"settings is {given!r}; give the searcher's settings by name")
    if given and not found.settings_model.model_fields:
        raise ConfigError(f"{found.name} has no settings, leave {', '.join(given)} out")
    usual = (mode == ASYNCHRONOUS and found.asynchronous) or {}
    return parse_config({**usual, **given}, found.settings_model, found.name)


def costs_asked(searcher: str | type[Searcher], given: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of costs, beside the front's, that settings of a searcher name.

    Raises:
        ConfigError: see `searcher_settings`.
    """
    return searcher_class(searcher).costs_asked(searcher_settings(searcher, given))


def make_searcher(
    searcher: str | type[Searcher],
    problem: SearchProblem,
    evaluations: int,
    seed: int,
    settings: Mapping[str, Any] | None = None,
    mode: Mode = SYNCHRONOUS,
) -> Searcher:
    """A searcher by its name or its class, its settings by name.

    Raises:
        BudgetError: no network of the space keeps the limits, or the searcher cannot keep one.
        ConfigError: there is no such searcher or setting, or it needs a known score, or cannot be
            asynchronous; or the evaluations or the seed are no whole number that can be.
    """
    for key, number, least in (("evaluations", evaluations, 1), ("seed", seed, 0)):
        if not isinstance(number, int | np.integer) or number < least:
            raise ConfigError(f"{key} is {number!r}; give a whole number of {least} or more")
    check_mode(searcher, mode)
    chosen = searcher_settings(searcher, settings or {}, mode)
    return searcher_class(searcher)(problem, evaluations, seed, chosen)
