"""Searchers, and the problem they are given.

A searcher is one file and one line here; its module is imported when it is asked for.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from devices.config import StrictModel, parse_config
from devices.errors import ConfigError
from hwnas.search.problem import Budget, SearchProblem
from hwnas.search.searcher import Searcher
from hwnas.search.trellis import Trellis

SEARCHERS: dict[str, str] = {
    "surrogate": "hwnas.search.surrogate_search:SurrogateSearch",
    "layernas": "hwnas.search.layernas:LayerNAS",
    "nsga2": "hwnas.search.pymoo_algorithms:NSGA2Search",
    "nsga3": "hwnas.search.pymoo_algorithms:NSGA3Search",
    "unsga3": "hwnas.search.pymoo_algorithms:UNSGA3Search",
    "smsemoa": "hwnas.search.pymoo_algorithms:SMSEMOASearch",
    "rvea": "hwnas.search.pymoo_algorithms:RVEASearch",
    "ctaea": "hwnas.search.pymoo_algorithms:CTAEASearch",
    "spea2": "hwnas.search.pymoo_algorithms:SPEA2Search",
    "evolution": "hwnas.search.evolution:Evolution",
    "local": "hwnas.search.local_search:LocalSearch",
    "random": "hwnas.search.random_search:RandomSearch",
}
"""Name → module:class of every searcher of any score."""

FREE_SEARCHERS: dict[str, str] = {"exact_front": "hwnas.search.front_search:FrontSearch"}
"""The same of those that need a score that costs nothing, `SearchProblem.score`."""


def searcher_class(name: str) -> type[Searcher]:
    """The searcher of a name.

    Raises:
        ConfigError: there is no such searcher.
    """
    known = SEARCHERS | FREE_SEARCHERS
    if name not in known:
        raise ConfigError(f"there is no searcher '{name}' (known: {', '.join(known)})")
    module, attribute = known[name].split(":")
    found: type[Searcher] = getattr(import_module(module), attribute)
    return found


def searcher_settings(name: str, given: Mapping[str, Any]) -> StrictModel:
    """The settings of a searcher, what is not given at its default.

    Raises:
        ConfigError: there is no such searcher, or it has no such setting or not with this value.
    """
    model = searcher_class(name).settings_model
    if given and not model.model_fields:
        raise ConfigError(f"{name} has no settings, leave {', '.join(given)} out")
    return parse_config(dict(given), model, name)


def make_searcher(
    name: str,
    problem: SearchProblem,
    evaluations: int,
    seed: int,
    settings: Mapping[str, Any] | None = None,
) -> Searcher:
    """A searcher by name, its settings by name too.

    Raises:
        BudgetError: no network of the space keeps the budgets.
        ConfigError: there is no such searcher or setting.
    """
    chosen = searcher_settings(name, settings or {})
    return searcher_class(name)(problem, evaluations, seed, chosen)


__all__ = [
    "FREE_SEARCHERS",
    "SEARCHERS",
    "Budget",
    "SearchProblem",
    "Searcher",
    "Trellis",
    "make_searcher",
    "searcher_class",
    "searcher_settings",
]
