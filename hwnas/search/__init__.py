"""Searchers, and the problem they are given.

A searcher is one file and one line here; its module is imported when it is asked for.
"""

from importlib import import_module

from devices.errors import ConfigError
from hwnas.search.problem import Budget, SearchProblem
from hwnas.search.searcher import Searcher
from hwnas.search.trellis import Trellis

SEARCHERS: dict[str, str] = {
    "layernas": "hwnas.search.layernas:LayerNAS",
    "surrogate": "hwnas.search.surrogate_search:SurrogateSearch",
    "nsga2": "hwnas.search.nsga2:NSGA2Search",
    "random": "hwnas.search.random_search:RandomSearch",
}
"""Name → module:class of every searcher."""


def searcher_class(name: str) -> type[Searcher]:
    """The searcher of a name.

    Raises:
        ConfigError: there is no such searcher.
    """
    if name not in SEARCHERS:
        raise ConfigError(f"there is no searcher '{name}' (known: {', '.join(SEARCHERS)})")
    module, attribute = SEARCHERS[name].split(":")
    found: type[Searcher] = getattr(import_module(module), attribute)
    return found


__all__ = ["SEARCHERS", "Budget", "SearchProblem", "Searcher", "Trellis", "searcher_class"]
