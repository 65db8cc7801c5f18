"""Searchers by name: ours, and those of installed packages (entry points `hwnas.searchers`).

A searcher is one file and one line here; its module is imported when it is asked for.
"""

from collections.abc import Mapping
from typing import Any

from hwnas.core.configs import StrictModel, parse_config
from hwnas.core.errors import ConfigError
from hwnas.core.registry import Registry
from hwnas.search.problem import SearchProblem
from hwnas.search.searchers.searcher import Searcher

_HERE = "hwnas.search.searchers"

SEARCHERS: Registry[type[Searcher]] = Registry(
    "searcher",
    "hwnas.searchers",
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
        "evolution": f"{_HERE}.evolution:Evolution",
        "local": f"{_HERE}.local_search:LocalSearch",
        "random": f"{_HERE}.random_search:RandomSearch",
        "exact_front": f"{_HERE}.exact_front:FrontSearch",
    },
)

# Of ours, so that reading a config imports none of them.
_OF_KNOWN_SCORES = ("exact_front",)


def searcher_class(searcher: str | type[Searcher]) -> type[Searcher]:
    """The searcher of a name; a class is itself.

    Raises:
        ConfigError: there is no such searcher, or an installed package's is none.
    """
    if not isinstance(searcher, str):
        return searcher
    found: object = SEARCHERS.load(searcher)
    if not (isinstance(found, type) and issubclass(found, Searcher)):
        fault = "is no subclass of hwnas.search.searchers.Searcher"
    elif getattr(found, "name", None) != searcher:
        fault = f"has the name '{getattr(found, 'name', '')}'; both names must be the same"
    else:
        return found
    origin = SEARCHERS.origin(searcher)
    raise ConfigError(f"the searcher '{searcher}' ({origin}) {fault}; correct that package")


def needs_known_score(name: str) -> bool:
    """Whether a searcher works on a score that costs nothing to compute, and on no other.

    Raises:
        ConfigError: there is no such searcher.
    """
    if name in SEARCHERS.ours:
        return name in _OF_KNOWN_SCORES
    return searcher_class(name).needs_known_score


def searcher_settings(searcher: str | type[Searcher], given: Mapping[str, Any]) -> StrictModel:
    """The settings of a searcher, what is not given at its default.

    Raises:
        ConfigError: there is no such searcher, or it has no such setting or not with this value.
    """
    found = searcher_class(searcher)
    if given and not found.settings_model.model_fields:
        raise ConfigError(f"{found.name} has no settings, leave {', '.join(given)} out")
    return parse_config(dict(given), found.settings_model, found.name)


def make_searcher(
    searcher: str | type[Searcher],
    problem: SearchProblem,
    evaluations: int,
    seed: int,
    settings: Mapping[str, Any] | None = None,
) -> Searcher:
    """A searcher by its name or its class, its settings by name.

    Raises:
        BudgetError: no network of the space keeps the limits, or the searcher cannot keep one.
        ConfigError: there is no such searcher or setting, or it needs a known score.
    """
    chosen = searcher_settings(searcher, settings or {})
    return searcher_class(searcher)(problem, evaluations, seed, chosen)
