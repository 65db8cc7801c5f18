"""Searchers by name.

A searcher is one file and one line here; its module is imported when it is asked for.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from hwnas.core.configs import StrictModel, parse_config
from hwnas.core.errors import ConfigError
from hwnas.search.problem import SearchProblem
from hwnas.search.searchers.searcher import Searcher

SEARCHERS: dict[str, str] = {
    "surrogate": "hwnas.search.searchers.surrogate:SurrogateSearch",
    "layernas": "hwnas.search.searchers.layernas:LayerNAS",
    "nsga2": "hwnas.search.searchers.pymoo_algorithms:NSGA2Search",
    "nsga3": "hwnas.search.searchers.pymoo_algorithms:NSGA3Search",
    "unsga3": "hwnas.search.searchers.pymoo_algorithms:UNSGA3Search",
    "smsemoa": "hwnas.search.searchers.pymoo_algorithms:SMSEMOASearch",
    "rvea": "hwnas.search.searchers.pymoo_algorithms:RVEASearch",
    "ctaea": "hwnas.search.searchers.pymoo_algorithms:CTAEASearch",
    "spea2": "hwnas.search.searchers.pymoo_algorithms:SPEA2Search",
    "evolution": "hwnas.search.searchers.evolution:Evolution",
    "local": "hwnas.search.searchers.local_search:LocalSearch",
    "random": "hwnas.search.searchers.random_search:RandomSearch",
}
"""Name → module:class of every searcher of any score."""

FREE_SEARCHERS: dict[str, str] = {"exact_front": "hwnas.search.searchers.exact_front:FrontSearch"}
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
